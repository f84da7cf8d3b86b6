/**
 * Draws [data-chart="id"] with ECharts from the JSON in <script type="application/json" id="id">: an ECharts option
 * whose colours may be "var(--am-…)". A data item with "href" opens that address. Colours follow the theme. Tooltips
 * are drawn on the canvas, for the CSP allows no style attributes.
 */
const MOTION = matchMedia("(prefers-reduced-motion: no-preference)");
const DARK = matchMedia("(prefers-color-scheme: dark)");
const drawn = new Map();
let library;

function load(address) {
  library ??= import(address).then(() => globalThis.echarts);
  return library;
}

/** A custom property made of light-dark() is only resolved where it is used as a colour. */
function resolver(element) {
  const probe = document.createElement("span");
  element.append(probe);
  const resolve = (name) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  return [resolve, () => probe.remove()];
}

function colour(value, resolve) {
  if (typeof value === "string") return value.startsWith("var(") ? resolve(value.slice(4, -1)) : value;
  if (Array.isArray(value)) return value.map((each) => colour(each, resolve));
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, colour(each, resolve)]));
  }
  return value;
}

function withDefaults(option, resolve, element) {
  const [ink, quiet, line, surface] = ["--am-ink", "--am-quiet", "--am-line", "--am-surface"].map(resolve);
  const text = { color: quiet, fontFamily: getComputedStyle(element).fontFamily, fontSize: 12 };
  const axis = (each) => ({
    ...each,
    axisLabel: { ...text, hideOverlap: true, ...each.axisLabel },
    axisLine: { lineStyle: { color: line }, ...each.axisLine },
    axisTick: { show: false, ...each.axisTick },
    splitLine: { lineStyle: { color: line }, ...each.splitLine },
    nameTextStyle: text,
  });
  const axes = (value) => (Array.isArray(value) ? value.map(axis) : value && axis(value));
  const names = ["--am-accent", "--am-gold", "--am-process", "--am-outcome", "--am-good", "--am-risk"];
  return {
    color: names.map(resolve),
    animation: MOTION.matches,
    animationDuration: 250,
    textStyle: text,
    ...option,
    grid: { left: 4, right: 12, top: 16, bottom: 4, containLabel: true, ...option.grid },
    legend: option.legend && { textStyle: text, icon: "roundRect", itemWidth: 10, itemHeight: 10, top: 0, ...option.legend },
    tooltip: {
      trigger: "axis",
      confine: true,
      ...option.tooltip,
      renderMode: "richText",
      backgroundColor: surface,
      borderColor: line,
      textStyle: { ...text, color: ink },
    },
    xAxis: axes(option.xAxis),
    yAxis: axes(option.yAxis),
  };
}

async function draw(element) {
  const echarts = await load(element.dataset.echarts);
  const source = document.getElementById(element.dataset.chart);
  if (!source || !element.isConnected) return;
  const [resolve, done] = resolver(element);
  const option = withDefaults(colour(JSON.parse(source.textContent), resolve), resolve, element);
  done();
  let chart = drawn.get(element);
  if (!chart) {
    chart = echarts.init(element);
    drawn.set(element, chart);
    chart.on("click", ({ data }) => data?.href && location.assign(data.href));
    new ResizeObserver(() => chart.resize()).observe(element);
  }
  chart.setOption(option, true);
}

function redraw() {
  for (const [element, chart] of drawn) {
    if (element.isConnected) draw(element);
    else {
      chart.dispose();
      drawn.delete(element);
    }
  }
}

export function bindCharts(root) {
  root.querySelectorAll("[data-chart]").forEach(draw);
}

DARK.addEventListener("change", redraw);
new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
