"""The taxonomies and playbooks to start with: added where missing by code, never overwritten."""

from __future__ import annotations

from cases.models import Cause, Defect, Playbook, PlaybookStep
from cases.states import FailureType, StepKind

Names = tuple[str, str, str]

DEFECTS: dict[Names, tuple[Names, ...]] = {
    ("attitude", "Attitude", "服务态度"): (
        ("unfriendly", "Unfriendly", "态度不友好"),
        ("passive", "Passive", "消极被动"),
        ("disrespectful", "Disrespectful", "不尊重客户"),
    ),
    ("expertise", "Expertise", "专业知识"): (
        ("lacks_knowledge", "Lacks knowledge", "知识不足"),
        ("cannot_solve", "Cannot solve the problem", "无法解决问题"),
        ("wrong_information", "Wrong information", "信息有误"),
    ),
    ("communication", "Communication", "沟通能力"): (
        ("poor_understanding", "Poor understanding", "理解偏差"),
        ("unclear", "Unclear", "表达不清"),
        ("does_not_listen", "Does not listen", "不愿倾听"),
    ),
    ("responsiveness", "Responsiveness", "响应速度"): (
        ("slow", "Slow", "响应慢"),
        ("inefficient", "Inefficient", "效率低"),
        ("misallocated", "Misallocated resources", "资源调配不当"),
    ),
    ("procedure", "Procedure", "服务流程"): (
        ("unreasonable", "Unreasonable", "流程不合理"),
        ("cumbersome", "Cumbersome", "流程繁琐"),
        ("opaque", "Opaque", "流程不透明"),
    ),
    ("quality", "Quality", "服务质量"): (
        ("below_standard", "Below standard", "低于标准"),
        ("promise_not_kept", "Promise not kept", "承诺未兑现"),
        ("complaint_mishandled", "Complaint mishandled", "投诉处理不当"),
    ),
}

CAUSES: tuple[Names, ...] = (
    ("service_design", "Flaw in the service’s design", "服务系统设计缺陷"),
    ("staff", "Staff: training, skill or attitude", "服务人员问题"),
    ("customer_needs", "Changing customer needs", "客户需求变化"),
    ("force_majeure", "Force majeure", "不可抗力"),
    ("performance_measures", "Unsuitable performance measures", "业绩评估不合理"),
    ("management", "Management", "管理不善"),
    ("process_rules", "Process and rules", "流程制度不健全"),
    ("technical_support", "Technical support", "技术支持不足"),
    ("third_party", "Supplier or third party", "供应商或第三方"),
    ("customer_error", "The customer’s own error", "客户自身原因"),
    ("not_established", "Not established", "原因未查明"),
)

_COMMON_HINTS: dict[StepKind, tuple[str, str]] = {
    StepKind.ACKNOWLEDGE: (
        "Say that the complaint has arrived, who looks after it, and when the customer hears next.",
        "告知客户投诉已收到、由谁负责、何时会再联系。",
    ),
    StepKind.LISTEN: (
        "Let the customer tell it in full. Repeat what you understood before you ask anything.",
        "请客户把经过讲完；先复述您的理解，再提问。",
    ),
    StepKind.VERIFY: (
        "Establish the facts with evidence: order, log, the colleague concerned.",
        "用订单、记录、当事同事的说明核实事实。",
    ),
    StepKind.EXPLAIN: (
        "Say honestly what happened and why, without jargon.",
        "坦诚说明发生了什么、为什么，不用术语。",
    ),
    StepKind.FOLLOW_UP: (
        "The product asks the customer whether the recovery worked, once the remedy has landed.",
        "补救到位后，系统会询问客户是否满意。",
    ),
}

_HINTS: dict[FailureType | str, dict[StepKind, tuple[str, str]]] = {
    FailureType.PROCESS: {
        StepKind.APOLOGISE: (
            "Here the apology weighs most: own it, be specific, say it in person.",
            "过程失败最看重道歉：承担责任、说具体、当面或致电。",
        ),
        StepKind.SOLVE: ("Take the initiative: do it for the customer, now.", "主动作为，马上替客户办妥。"),
        StepKind.COMPENSATE: (
            "Often not needed; where time was lost, a gesture that fits.",
            "多数无需补偿；若耽误了时间，给予相称的表示。",
        ),
    },
    FailureType.OUTCOME: {
        StepKind.APOLOGISE: (
            "Own the failure, and say what will be repaired, by whom and by when.",
            "承担责任，并说明由谁、何时、如何补救。",
        ),
        StepKind.SOLVE: (
            "Speed counts: replace, repair or deliver what was promised.",
            "速度最要紧：更换、修复或补交付。",
        ),
        StepKind.COMPENSATE: (
            "Money for a loss of money; aim between 60 % and 120 % of the verified loss.",
            "金钱损失以金钱弥补；金额以核实损失的 60%–120% 为宜。",
        ),
    },
    "": {
        StepKind.APOLOGISE: (
            "Say what we are responsible for, and what we will do about it.",
            "说明我们的责任，以及将如何补救。",
        ),
        StepKind.SOLVE: ("Put right what failed.", "把出错的地方纠正过来。"),
        StepKind.COMPENSATE: ("Where there is a loss, make it good.", "如有损失，予以弥补。"),
    },
}

_PLAYBOOKS: tuple[tuple[str, str, str, str], ...] = (
    ("process", FailureType.PROCESS, "Recovery of a process failure", "过程失败补救预案"),
    ("outcome", FailureType.OUTCOME, "Recovery of an outcome failure", "结果失败补救预案"),
    ("general", "", "Recovery of any failure", "通用补救预案"),
)


def seed() -> None:
    """Add what is missing."""
    _seed_defects()
    known = set(Cause.objects.values_list("code", flat=True))
    Cause.objects.bulk_create(
        Cause(code=code, name_en=english, name_zh=chinese, position=position)
        for position, (code, english, chinese) in enumerate(CAUSES)
        if code not in known
    )
    _seed_playbooks()


def _seed_defects() -> None:
    known = {defect.code: defect for defect in Defect.objects.all()}
    for position, ((code, english, chinese), kinds) in enumerate(DEFECTS.items()):
        family = known.get(code) or Defect.objects.create(
            code=code, name_en=english, name_zh=chinese, position=position
        )
        Defect.objects.bulk_create(
            Defect(code=kind, name_en=kind_en, name_zh=kind_zh, family=family, position=place)
            for place, (kind, kind_en, kind_zh) in enumerate(kinds)
            if kind not in known
        )


def _seed_playbooks() -> None:
    known = set(Playbook.objects.values_list("code", flat=True))
    for code, failure_type, english, chinese in _PLAYBOOKS:
        if code in known:
            continue
        playbook = Playbook.objects.create(
            code=code, failure_type=failure_type, name_en=english, name_zh=chinese
        )
        hints = _COMMON_HINTS | _HINTS[failure_type]
        PlaybookStep.objects.bulk_create(
            PlaybookStep(
                playbook=playbook,
                kind=kind,
                position=position,
                hint_en=hints[kind][0],
                hint_zh=hints[kind][1],
            )
            for position, kind in enumerate(StepKind)
        )
