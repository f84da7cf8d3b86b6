"""What the suggestion engine must read out of a complaint's words, in English and in Chinese."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.suggestion import suggest
from cases.suggestion.codes import CUES, DEFECTS, FAILURE_OF_DEFECT, OUTCOME, PROCESS, TIERS
from cases.suggestion.lexicon import lexicon
from cases.suggestion.phrases import HAN, LATIN

PLAIN_SENTENCES = {
    "unfriendly": (
        "The receptionist was very rude to me.",
        "前台服务态度非常恶劣，说话很冲。",
    ),
    "passive": (
        "Nobody bothered, your people were unhelpful.",
        "叫了半天，没人理我们，店里的人爱管不管，很敷衍。",
    ),
    "disrespectful": (
        "He insulted me and laughed at me.",
        "店员当众嘲笑我，一点也不尊重顾客。",
    ),
    "lacks_knowledge": (
        "The technician was incompetent and untrained.",
        "工作人员不专业，业务不熟，一问三不知。",
    ),
    "cannot_solve": (
        "They were unable to fix it, so it is still not resolved.",
        "修了半个月，问题一直解决不了，也没有解决办法。",
    ),
    "wrong_information": (
        "I was given wrong information about the deadline.",
        "他们给的信息是错误的，误导了我。",
    ),
    "poor_understanding": (
        "They misunderstood me and did not understand my request.",
        "客服听不懂我的意思，总是答非所问。",
    ),
    "unclear": (
        "The letter was confusing and there was no explanation.",
        "条款含糊，模棱两可，也没有说明。",
    ),
    "does_not_listen": (
        "The clerk would not listen and hung up on me.",
        "话没说完就打断我，直接挂断电话。",
    ),
    "slow": (
        "I waited two hours for a reply, the service was slow.",
        "等了两个小时才上菜，太慢了。",
    ),
    "inefficient": (
        "Everything was disorganised, it wasted my time.",
        "现场管理混乱，效率低下，浪费我的时间。",
    ),
    "misallocated": (
        "The branch was understaffed, only one counter was open.",
        "人手不足，只开了一个窗口。",
    ),
    "unreasonable": (
        "Your rule is unfair and I was overcharged.",
        "这是霸王条款，乱收费，很不合理。",
    ),
    "cumbersome": (
        "The process is complicated, with endless forms.",
        "手续繁琐，流程复杂。",
    ),
    "opaque": (
        "There were hidden fees and no transparency.",
        "收费不透明，还隐瞒了条件。",
    ),
    "below_standard": (
        "The kettle arrived broken and of poor quality.",
        "收到的水壶质量很差，是坏的。",
    ),
    "promise_not_kept": (
        "They broke their promise, the parcel never arrived.",
        "说好三天发货，承诺没有兑现，一直没有发货。",
    ),
    "complaint_mishandled": (
        "My complaint was ignored and nobody took responsibility.",
        "投诉没人处理，最后不了了之。",
    ),
}


@pytest.mark.parametrize("language", [0, 1], ids=["en", "zh"])
@pytest.mark.parametrize("code", DEFECTS)
def test_every_defect_is_found_in_a_plain_sentence(code: str, language: int) -> None:
    suggestion = suggest(PLAIN_SENTENCES[code][language])

    assert suggestion.defect == code
    assert suggestion.failure_type == FAILURE_OF_DEFECT[code]
    assert f"defect:{code}" in {evidence.points_to for evidence in suggestion.evidence}


CUES_FOUND = [
    ("I will sue you.", "legal"),
    ("I am suing them.", "legal"),
    ("I WILL SUE", "legal"),
    ("See you in court.", "legal"),
    ("My attorney has the papers.", "legal"),
    ("I can't wait to sue you.", "legal"),
    ("We won't hesitate to sue.", "legal"),
    ("你们再不处理我就起诉。", "legal"),
    ("已经找了律师，法院见。", "legal"),
    ("我不得不起诉。", "legal"),
    ("I reported it to the ombudsman.", "regulator"),
    ("I filed with the BBB.", "regulator"),
    ("我要打12315。", "regulator"),
    ("准备向消协和工信部举报。", "regulator"),
    ("I will go to the press.", "media"),
    ("A journalist called, this will go viral.", "media"),
    ("我要找记者曝光你们。", "media"),
    ("This is a scam.", "fraud"),
    ("They are fraudsters and it is fraudulent.", "fraud"),
    ("你们就是骗子，这是欺诈。", "fraud"),
    ("I asked my bank for a chargeback.", "payment"),
    ("我已经向银行申请拒付。", "payment"),
    ("This is the third time I ask.", "repeat"),
    ("互相推诿，踢皮球，多少次了！", "repeat"),
    ("My son was injured.", "safety"),
    ("She had an allergic reaction.", "safety"),
    ("孩子受伤了，还过敏。", "safety"),
]


@pytest.mark.parametrize(("text", "cue"), CUES_FOUND)
def test_a_cue_is_found(text: str, cue: str) -> None:
    assert cue in suggest(text).cues


@pytest.mark.parametrize(
    "text",
    [
        "I won't sue.",
        "I wont sue",
        "I won’t sue you.",
        "I wo n't sue",
        "I am not going to sue.",
        "I don't want to take you to court or call a lawyer.",
        "Nobody was injured.",
        "No one was hurt, and there were no injuries.",
        "It isn't a scam.",
        "不会起诉",
        "我不打算起诉你们。",
        "不会向法院起诉。",
        "我不想找媒体曝光。",
        "没有受伤",
        "所幸无人受伤。",
        "没有造成人员受伤。",
        "你们不是骗子。",
    ],
)
def test_a_negated_cue_is_no_cue(text: str) -> None:
    suggestion = suggest(text)

    assert suggestion.cues == ()
    assert suggestion.evidence == ()
    assert suggestion.severity == 4


@pytest.mark.parametrize(
    "text",
    [
        "I have an issue with the tissue.",
        "A courteous guard in the courtyard.",
        "Pressed for time, I had to press the button twice.",
        "I expressed my thanks.",
        "Sue was kind.",
        "The food court is on level two.",
        "I caught a viral infection.",
        "Order A123156 is mine.",
        "I want to make a complaint.",
        "我要投诉",
        "投诉",
        "这个播放器支持多媒体。",
    ],
)
def test_words_that_only_look_like_cues_are_none(text: str) -> None:
    assert suggest(text).cues == ()


def test_negation_also_takes_back_a_defect() -> None:
    assert suggest("The driver was not rude.").defect is None
    assert suggest("他的态度不恶劣，也没有骂人。").defect is None


def test_cues_come_heaviest_first_whatever_their_order_in_the_text() -> None:
    text = "Third time! Chargeback, scam, a reporter, the ombudsman, my lawyer, and I was injured."

    assert suggest(text).cues == CUES


def test_a_text_that_tells_nothing_suggests_nothing() -> None:
    for text in ("", "   ", "Hello.", "你好", "1234", "🙂"):
        suggestion = suggest(text)
        assert (suggestion.failure_type, suggestion.defect, suggestion.severity) == (None, None, 4)
        assert suggestion.evidence == ()
        assert suggestion.severity_reasons == ()


@pytest.mark.parametrize(
    ("text", "failure_type"),
    [
        ("My flight was delayed and my luggage is lost.", OUTCOME),
        ("On hold for two hours, then the agent was rude.", PROCESS),
        ("菜是凉的，很难吃。", OUTCOME),
        ("排队两小时，服务员态度差。", PROCESS),
    ],
)
def test_how_it_was_delivered_is_told_from_what_was_delivered(text: str, failure_type: str) -> None:
    assert suggest(text).failure_type == failure_type


@pytest.mark.parametrize(
    "text",
    [
        "I told the waiter twice about my nut allergy. He ignored me, and I ended up in hospital.",
        "There were nuts in it. The waiter did not listen, and it put my son in hospital.",
        "The staff were rude and slow, nobody helped, and then we had food poisoning.",
        "Nobody told us of the nuts; my daughter had an allergic reaction.",
        "The lamp exploded and burned my hand. Nobody answers my letters.",
        "跟服务员说了对坚果过敏，他不理我，孩子送了医院。",
        "服务员态度恶劣，还推诿，吃完全家进了医院。",
        "没人提醒地面湿滑，我摔倒骨折了，客服态度也差。",
    ],
)
def test_harm_is_an_outcome_of_the_gravest_kind_however_one_was_treated(text: str) -> None:
    suggestion = suggest(text)
    assert (suggestion.failure_type, suggestion.severity) == (OUTCOME, 1)
    assert suggestion.cues[0] == "safety"


@pytest.mark.parametrize(
    "text",
    [
        "My mother was in hospital, and you refused to refund the ticket.",
        "Nobody was injured, but the agent was rude.",
        "The guard was rude and assaulted me.",
        "父亲住院，排队三小时，护士态度恶劣。",
        "没有受伤，但是客服态度差。",
        "保安态度恶劣，还动手打人。",
    ],
)
def test_what_is_said_in_passing_or_was_done_to_one_leaves_a_process_failure(text: str) -> None:
    assert suggest(text).failure_type == PROCESS


def test_both_languages_are_read_in_one_text() -> None:
    suggestion = suggest("服务员态度恶劣 and I will call my lawyer.")

    assert suggestion.defect == "unfriendly"
    assert suggestion.cues == ("legal",)


def test_repeating_oneself_does_not_add_weight() -> None:
    once, often = suggest("Slow. Rude."), suggest("Slow. " * 50 + "Rude.")

    assert once.defect == often.defect == "unfriendly"


def test_evidence_keeps_offsets_over_line_breaks_double_spaces_and_letters_that_change_length() -> None:
    text = "İstanbul:  the  CUSTOMER\r\nservice   was\n\nRude — and the hidden-fees, too"

    found = {evidence.words for evidence in suggest(text).evidence}

    assert {"CUSTOMER\r\nservice", "Rude", "hidden-fees"} <= found


ALPHABET = st.one_of(
    st.characters(),
    st.sampled_from("不没有起诉受伤慢差，。 \n\t-’'"),
    st.characters(categories=["Cs"]),
)
WORDS = st.lists(
    st.sampled_from(
        [*PLAIN_SENTENCES["slow"], *(text for text, _ in CUES_FOUND), "not ", "  ", "\n", "İ", "’"]
    )
).map("".join)


@given(
    text=st.one_of(st.text(ALPHABET), WORDS),
    loss=st.none() | st.decimals(),
    repeat_count=st.integers(),
    tier=st.sampled_from(TIERS),
)
def test_any_text_gets_a_well_formed_suggestion(
    text: str, loss: Decimal | None, repeat_count: int, tier: str
) -> None:
    suggestion = suggest(text, loss=loss, currency="USD", repeat_count=repeat_count, tier=tier)

    assert suggestion.failure_type in (None, PROCESS, OUTCOME)
    assert suggestion.defect is None or suggestion.defect in DEFECTS
    assert suggestion.severity in (1, 2, 3, 4)
    assert list(suggestion.cues) == sorted(set(suggestion.cues), key=CUES.index)
    reached = 0
    for evidence in suggestion.evidence:
        assert reached <= evidence.start < evidence.end <= len(text)
        assert evidence.words == text[evidence.start : evidence.end]
        reached = evidence.end


def test_every_suggestion_is_explained_by_words_that_point_to_it() -> None:
    for sentences in PLAIN_SENTENCES.values():
        for text in sentences:
            suggestion = suggest(text)
            pointed = {evidence.points_to for evidence in suggestion.evidence}
            assert f"defect:{suggestion.defect}" in pointed
            assert {f"cue:{cue}" for cue in suggestion.cues} <= pointed


def test_the_lexicon_has_every_defect_and_cue_in_both_languages() -> None:
    for script in (LATIN, HAN):
        groups = [group for group in lexicon().groups if group.language.script is script]
        assert {group.defect for group in groups if group.defect} == set(DEFECTS)
        assert {group.cue for group in groups if group.cue} == set(CUES)
