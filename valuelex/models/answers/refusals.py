"""Phrases with which a language model declines, or disclaims that it is one, in the languages they are looked for.

Written from general knowledge, one pattern per language; all are tried on every answer, since a model that is asked in one
language may decline in another. They are rules: what they do not know passes as an answer.
"""

from __future__ import annotations

import re
from typing import NamedTuple

BEGINNING = 240
"""Characters of an answer in which such a phrase must stand: later ones are part of an answer."""

_PHRASES = {
    "en": r"\b(?:i(?:'| a)?m sorry,? (?:but )?i (?:can(?:no|')t|am unable)"
    r"|(?:i (?:can(?:no|')t|won't|will not)|i(?:'| a)m (?:not able|unable) to) "
    r"(?:help|assist|answer|provide|comply|do that|share|give|list|name|choose|complete)"
    r"|i (?:must|have to|respectfully) decline"
    r"|as an? (?:ai|artificial|language|large language|virtual|digital)\b[^.]{0,80}"
    r"\b(?:do not|don't|cannot|can't|lack|am not|unable|have no|possess no|hold no)\b"
    r"|i (?:do not|don't) (?:have|possess|hold) (?:any )?(?:personal |own |real |human )?"
    r"(?:values|beliefs|opinions|feelings|emotions|preferences|experiences))",
    "de": r"\b(?:(?:es )?tut mir leid,? (?:aber )?(?:ich kann|das kann ich|dabei kann ich)[^.]{0,60}\bnicht\b"
    r"|(?:ich kann|dabei kann ich) (?:dir |ihnen |dabei |diese |das |leider )*nicht "
    r"(?:helfen|weiterhelfen|behilflich|beantworten|nennen|antworten)"
    r"|als (?:eine? )?(?:ki\b|künstliche|sprachmodell|großes sprachmodell|virtuelle|digitale)[^.]{0,80}"
    r"\b(?:keine?n?|nicht)\b"
    r"|ich (?:habe|besitze) keine (?:persönlichen |eigenen |echten |menschlichen )?"
    r"(?:werte|überzeugungen|meinungen|gefühle|emotionen|vorlieben|erfahrungen))",
    "fr": r"\b(?:(?:je suis )?désolée?,? (?:mais )?je ne (?:peux|suis)"
    r"|je ne (?:peux|puis|suis) pas (?:en mesure (?:de |d'))?(?:vous |t')?(?:aider|répondre|fournir|donner|nommer|partager)"
    r"|en tant (?:qu'|que )(?:ia\b|intelligence artificielle|modèle|assistante?|grand modèle)[^.]{0,80}"
    r"\b(?:je n'ai (?:pas|aucune?)|je ne (?:possède|peux|suis))"
    r"|je n'ai pas de (?:valeurs|croyances|opinions|sentiments|émotions|préférences|convictions))",
    "es": r"\b(?:lo siento,? (?:pero )?no puedo|no puedo (?:ayudar|responder|proporcionar|dar|compartir|nombrar)"
    r"|como (?:una? )?(?:ia\b|inteligencia artificial|modelo de (?:lenguaje|ia)|gran modelo|asistente)[^.]{0,80}"
    r"\bno (?:tengo|poseo|puedo|soy)\b"
    r"|no (?:tengo|poseo) (?:valores|creencias|opiniones|sentimientos|emociones|preferencias))",
    "it": r"\b(?:mi dispiace,? (?:ma )?non posso|non posso (?:aiutar|rispondere|fornire|dare|condividere|elencare)"
    r"|(?:come|in quanto) (?:una? )?(?:ia\b|intelligenza artificiale|modello|assistente)[^.]{0,80}"
    r"\bnon (?:ho|possiedo|posso|sono)\b"
    r"|non (?:ho|possiedo) (?:valori|credenze|opinioni|sentimenti|emozioni|preferenze))",
    "pt": r"\b(?:(?:sinto muito|desculpe|lamento),? (?:mas )?não posso"
    r"|não posso (?:ajudar|responder|fornecer|dar|compartilhar|partilhar|listar)"
    r"|como (?:uma? )?(?:ia\b|inteligência artificial|modelo|assistente)[^.]{0,80}\bnão (?:tenho|possuo|posso|sou)\b"
    r"|(?:eu )?não (?:tenho|possuo) (?:valores|crenças|opiniões|sentimentos|emoções|preferências))",
    "nl": r"\b(?:(?:het )?spijt me,? (?:maar )?ik kan[^.]{0,60}\bniet\b"
    r"|ik kan (?:je |u |hier |daar |deze |dat )*niet (?:bij |mee )?"
    r"(?:helpen|beantwoorden|geven|noemen)"
    r"|als (?:een )?(?:ai\b|kunstmatige|taalmodel|groot taalmodel|virtuele|digitale)[^.]{0,80}\b(?:geen|niet)\b"
    r"|ik heb geen (?:persoonlijke |eigen |echte |menselijke )?"
    r"(?:waarden|overtuigingen|meningen|gevoelens|emoties|voorkeuren))",
    "pl": r"\b(?:przykro mi,? (?:ale )?nie mogę|nie mogę (?:pomóc|odpowiedzieć|podać|udzielić)"
    r"|jako (?:sztuczna|model|duży model|ai\b|asystent)[^.]{0,80}\bnie (?:mam|posiadam|mogę|jestem)\b"
    r"|nie (?:mam|posiadam) (?:osobistych |własnych )?(?:wartości|przekonań|opinii|uczuć|emocji|preferencji))",
    "ru": r"\b(?:(?:извините|простите|к сожалению),? (?:но )?я не могу"
    r"|я не могу (?:помочь|ответить|предоставить|дать|назвать)"
    r"|как (?:искусственн|языков|большая языков|ии\b|виртуальн)[^.]{0,80}"
    r"\b(?:не (?:имею|обладаю|могу|являюсь)|(?:у меня )?нет)\b"
    r"|у меня нет (?:личных |собственных )?(?:ценностей|убеждений|мнений|чувств|эмоций|предпочтений))",
    "zh": r"(?:(?:对不起|對不起|抱歉)[，,]?[^。]{0,12}(?:无法|無法|不能)"
    r"|我(?:无法|無法|不能)(?:提供|回答|帮助|幫助|列出|给出|給出)"
    r"|作为(?:一个|一个大型|一款)?(?:ai|人工智能|语言模型|大型语言模型)[^。]{0,60}(?:没有|无法|不能|不具备)"
    r"|作為(?:一個|一款)?(?:ai|人工智慧|語言模型)[^。]{0,60}(?:沒有|無法|不能|不具備)"
    r"|我(?:没有|沒有|不具备|不具備)(?:个人|個人|自己的)?(?:价值观|價值觀|信念|观点|觀點|情感|感情|偏好))",
    "ja": r"(?:(?:申し訳|すみません|ごめん)[^。]{0,40}(?:できません|できかねます|お答えできない)"
    r"|(?:お答え|回答|お手伝い|提供)(?:すること(?:は|が))?できません"
    r"|(?:ai|人工知能|言語モデル|アシスタント)(?:として|である|なので|ですので)[^。]{0,60}"
    r"(?:ありません|持っていません|持ちません|できません|持たない))",
    "ko": r"(?:죄송[^.]{0,40}(?:수 없|어렵)|(?:답변|대답|제공|도와)[^.]{0,10}수 없"
    r"|(?:ai|인공지능|언어 ?모델)(?:로서|이므로|이기 때문에|이라서)[^.]{0,60}(?:없|않|못))",
    "ar": r"(?:(?:آسف|أعتذر|عذراً|عذرا)[^.]{0,40}لا (?:أستطيع|يمكنني)"
    r"|لا (?:أستطيع|يمكنني) (?:المساعدة|الإجابة|تقديم|أن)"
    r"|(?:كنموذج|بصفتي|باعتباري)[^.]{0,80}(?:ليس لدي|لا أملك|لا أمتلك|لا يمكنني))",
    "tr": r"\b(?:(?:üzgünüm|maalesef)[^.]{0,60}(?:edemem|veremem|olamam|yapamam)"
    r"|bir (?:yapay zeka|dil modeli)[^.]{0,80}\b(?:değilim|yok|yoktur|sahip değil|edemem)"
    r"|(?:kişisel )?(?:değerlerim|inançlarım|duygularım|fikirlerim|tercihlerim) yok)",
}

LANGUAGES = tuple(_PHRASES)
"""ISO 639-1 codes of the languages whose phrases are known."""

# Every phrase holds one of these: most answers hold none, and a look for plain texts is much cheaper than fourteen patterns.
_MARKS = {
    "en": (
        *("cannot", "can't", "won't", "will not", "not able", "unable", "decline", "do not", "don't", "lack", "am not"),
        *("have no", "possess no", "hold no"),
    ),
    "de": ("nicht", "kein"),
    "fr": ("je n",),
    "es": ("no puedo", "no tengo", "no poseo", "no soy"),
    "it": ("non posso", "non ho", "non possiedo", "non sono"),
    "pt": ("não ",),
    "nl": ("niet", "geen"),
    "pl": ("nie ",),
    "ru": ("не ", "нет"),
    "zh": ("无法", "無法", "不能", "没有", "沒有", "不具备", "不具備"),
    "ja": ("ません", "できかねます", "お答えできない", "持たない"),
    "ko": ("없", "어렵", "않", "못"),
    "ar": ("لا ", "ليس لدي"),
    "tr": ("edemem", "veremem", "olamam", "yapamam", "değil", "yok"),
}

_REFUSALS = {language: re.compile(phrase, re.IGNORECASE) for language, phrase in _PHRASES.items()}

# Where a disclaimer ends and an answer may begin: the end of its sentence, or a "but".
_TURN = re.compile(
    r"[.!?:\n。！？：]|\b(?:but|however|still|aber|jedoch|mais|pero|ma|mas|porém|maar|ale|но|однако|ancak|fakat)\b"
    r"|但是|但|不过|不過|ただし|しかし|하지만|لكن",
    re.IGNORECASE,
)
_MARK = r",;\n*•、，；،؛"
_ITEM = re.compile(
    rf"(?:^|[{_MARK}-]|\d{{1,2}}[.):])\s*\**\"?[^\W\d_](?:[^\W\d_]|[ '-]){{0,30}}\"?\**\s*"
    rf"(?=$|[{_MARK}.:。]|\d{{1,2}}[.):])"
)


class Refusal(NamedTuple):
    """What declines or disclaims in an answer, and whether an answer follows it."""

    phrase: str
    answers_after: bool
    """Whether a list of three or more items stands behind it."""


def find_refusal(text: str) -> Refusal | None:
    """Return the phrase at the beginning of an answer that declines or disclaims, if there is one.

    Parameters
    ----------
    text : str
        The answer, with straight quotes.
    """
    beginning = text[:BEGINNING]
    lowered = beginning.lower()
    likely = [_REFUSALS[language] for language, marks in _MARKS.items() if any(mark in lowered for mark in marks)]
    matches = [match for refusal in likely if (match := refusal.search(beginning)) is not None]
    if not matches:
        return None
    found = min(matches, key=lambda match: match.start())
    turn = _TURN.search(text, found.end())
    return Refusal(found[0], turn is not None and len(_ITEM.findall(text[turn.end() :])) >= 3)
