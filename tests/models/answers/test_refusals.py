"""Declining and disclaiming in the languages whose phrases are known, and value lists that are no such thing."""

from __future__ import annotations

import pytest

from valuelex.models import Response
from valuelex.models.answers import classify
from valuelex.models.answers.refusals import _MARKS, _REFUSALS, LANGUAGES, find_refusal

DECLINES = {
    "en": ["I'm sorry, but I can't help with that.", "As an AI, I do not have values, beliefs, opinions, or feelings."],
    "de": ["Tut mir leid, aber dabei kann ich dir nicht helfen.", "Als KI-Sprachmodell habe ich keine eigenen Werte."],
    "fr": [
        "Je suis désolé, mais je ne peux pas répondre à cette question.",
        "En tant qu'intelligence artificielle, je n'ai pas de valeurs personnelles.",
    ],
    "es": ["Lo siento, pero no puedo ayudar con eso.", "Como modelo de lenguaje, no tengo valores personales."],
    "it": ["Mi dispiace, ma non posso rispondere.", "In quanto intelligenza artificiale, non ho valori personali."],
    "pt": ["Desculpe, mas não posso ajudar com isso.", "Como uma inteligência artificial, não tenho valores pessoais."],
    "nl": ["Het spijt me, maar ik kan je daar niet bij helpen.", "Als taalmodel heb ik geen persoonlijke waarden."],
    "pl": ["Przykro mi, ale nie mogę na to odpowiedzieć.", "Jako model językowy nie mam osobistych wartości."],
    "ru": ["Извините, но я не могу ответить на этот вопрос.", "Как языковая модель, я не имею личных ценностей."],
    "zh": ["抱歉，我无法回答这个问题。", "作为一个人工智能，我没有个人价值观，也不会有情感，更没有偏好。"],
    "ja": ["申し訳ありませんが、お答えできません。", "AIとして、私は個人的な価値観を持っていません。"],
    "ko": ["죄송하지만 그 질문에는 답변할 수 없습니다.", "AI로서 저는 개인적인 가치관이 없습니다."],
    "ar": ["عذراً، لا أستطيع الإجابة عن هذا السؤال.", "بصفتي نموذجاً لغوياً، ليس لدي قيم شخصية."],
    "tr": ["Üzgünüm, bu konuda yardımcı olamam.", "Bir yapay zeka olarak kişisel değerlerim yok."],
}

ANSWERS = {
    "en": "honesty, respect, love",
    "de": "Ehrlichkeit, Respekt, Mitgefühl, Treue, Gerechtigkeit",
    "fr": "honnêteté, respect, amour, justice, loyauté",
    "es": "honestidad, respeto, amor, justicia, lealtad",
    "it": "onestà, rispetto, amore, giustizia, lealtà",
    "pt": "honestidade, respeito, amor, justiça, lealdade",
    "nl": "eerlijkheid, respect, liefde, rechtvaardigheid, trouw",
    "pl": "uczciwość, szacunek, miłość, sprawiedliwość, lojalność",
    "ru": "честность, уважение, любовь, справедливость, верность",
    "zh": "诚实、尊重、爱、公正、忠诚",
    "ja": "誠実、尊敬、愛、公正、忠誠",
    "ko": "정직, 존중, 사랑, 공정, 충성",
    "ar": "الصدق، الاحترام، الحب، العدل، الوفاء",
    "tr": "dürüstlük, saygı, sevgi, adalet, sadakat",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_model_that_declines_or_disclaims_is_heard(language: str) -> None:
    for text in DECLINES[language]:
        assert classify(Response(text))[0] == "refused", text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_list_of_values_declines_nothing(language: str) -> None:
    assert classify(Response(ANSWERS[language])) == ("ok", None)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_answer_after_a_disclaimer_is_an_answer(language: str) -> None:
    """The disclaimer's own commas are no list; what follows its sentence may be one."""
    said = f"{DECLINES[language][1]} {ANSWERS[language]}"
    assert classify(Response(said)) == ("ok", "disclaimer")


def test_a_disclaimer_that_goes_on_with_but_is_an_answer() -> None:
    found = find_refusal("Als KI habe ich keine Werte, aber Ehrlichkeit, Respekt, Fairness")
    assert found is not None
    assert found.phrase.startswith("Als KI")
    assert found.answers_after


def test_what_stands_late_in_an_answer_is_part_of_it() -> None:
    assert find_refusal("honesty, " * 40 + "As an AI, I do not have values.") is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_phrase_is_passed_over_by_the_look_for_plain_texts(language: str) -> None:
    """The marks only spare the patterns work: what a pattern finds holds one of its language's marks."""
    for text in DECLINES[language]:
        found = _REFUSALS[language].search(text)
        assert found is not None, text
        assert any(mark in found[0].lower() for mark in _MARKS[language]), text
