/**
 * Counts clocks down once a minute. The server says how many seconds are left of the clock's own time (data-left),
 * how many it has in all (data-total), and for how long that time still runs today (data-open-for): so a clock
 * stands still when the branch is closed. The wording comes from <meta name="amends-durations">.
 */
const started = new WeakMap();
const RISK_FROM = 0.75;

export function bindClocks(root) {
  for (const clock of root.querySelectorAll(".clock[data-left]")) {
    if (!started.has(clock)) started.set(clock, Date.now());
  }
}

function words(seconds) {
  const patterns = document.querySelector('meta[name="amends-durations"]').dataset;
  const fill = (pattern, values) => pattern.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  if (seconds < 0) return fill(patterns.late, { time: words(-seconds) });
  if (seconds < 60) return patterns.minute;
  const [d, h, m] = [Math.floor(seconds / 86400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60];
  if (d) return fill(h && d < 7 ? patterns.dh : patterns.d, { d, h });
  if (h) return fill(m ? patterns.hm : patterns.h, { h, m: String(m).padStart(2, "0") });
  return fill(patterns.m, { m });
}

function tick(clock) {
  const { left, total, openFor } = clock.dataset;
  const passed = Math.min((Date.now() - started.get(clock)) / 1000, openFor === undefined ? Infinity : Number(openFor));
  const remaining = Number(left) - passed;
  clock.querySelector("[data-clock-text]").textContent = words(remaining);
  const used = total ? 1 - remaining / Number(total) : undefined;
  if (used !== undefined) clock.querySelector(".fill")?.setAttribute("width", `${Math.min(Math.max(used, 0), 1) * 100}%`);
  clock.classList.toggle("late", remaining < 0);
  if (remaining < 0) clock.classList.remove("ok", "risk");
  else if (used >= RISK_FROM) clock.classList.replace("ok", "risk");
}

setInterval(() => {
  if (document.hidden) return;
  for (const clock of document.querySelectorAll(".clock[data-left]")) if (started.has(clock)) tick(clock);
}, 60_000);
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  for (const clock of document.querySelectorAll(".clock[data-left]")) if (started.has(clock)) tick(clock);
});
