"""Words that judge, in the languages of the data, and names that say whether high or low is good."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

Better = Literal["high", "low"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_GOOD = """
pass passed success successful succeeded correct right good great excellent perfect helpful resolved solved
accept accepted approve approved thumbs_up thumbsup like liked satisfied happy factual grounded faithful supported
relevant safe valid fulfilled achieved fully_correct
gut richtig korrekt bestanden hilfreich zufrieden erfolgreich gelöst bon bonne bien réussi réussie utile satisfait
bueno buena correcto correcta aprobado aprobada exitoso resuelto satisfecho bom boa correto correta aprovado aprovada
resolvido satisfeito buono buona corretto corretta superato risolto soddisfatto goed juist geslaagd tevreden
хорошо верно правильно успех решено dobrze poprawne zaliczone iyi doğru başarılı geçti bra rätt godkänd
好 很好 对 正确 通过 成功 满意 赞 点赞 有用 已解决 對 正確 通過 滿意 讚 良い 正解 正しい 合格 成功した 満足 役に立った
좋음 좋아요 정답 맞음 합격 성공 만족 해결됨 صحيح جيد ناجح सही अच्छा सफल
👍 ✅ ✔ ☑ 😀 😃 😄 😊 🙂 😍 🤩 ❤ 💯 🎉 👏 👌 +1
"""
_BAD = """
fail failed failure incorrect wrong bad poor terrible awful unhelpful useless unresolved unsolved reject
rejected deny denied thumbs_down thumbsdown dislike disliked unsatisfied dissatisfied unhappy
hallucinated hallucination ungrounded unfaithful unsupported irrelevant unrelated toxic unsafe harmful biased invalid
not_correct not_helpful not_ok not_resolved not_relevant partially_incorrect
schlecht falsch durchgefallen unzufrieden fehlgeschlagen ungelöst mauvais mauvaise raté échec échoué inutile faux
malo mala mal incorrecto incorrecta suspenso fallo fallido insatisfecho ruim incorreto incorreta reprovado reprovada
insatisfeito cattivo pessimo errato sbagliato fallito slecht fout onjuist gezakt ontevreden
плохо неверно неправильно провал źle błędne niezaliczone kötü yanlış başarısız kaldı dålig fel underkänd
差 很差 不好 错 错误 不正确 不通过 未通过 失败 不满意 踩 点踩 没用 未解决 錯 錯誤 不正確 失敗 悪い 不正解 間違い 不合格
不満 나쁨 싫어요 오답 틀림 불합격 실패 불만족 미해결 خطأ سيئ فاشل गलत बुरा असफल
👎 ❌ ✖ ✗ ☹ 🙁 😞 😠 😡 🤬 😢 😭 💔 🤮 -1 −1
"""
_YES = """
yes true y t ok okay positive up ja oui sí si sim да tak evet 是 はい 예 네 نعم हाँ wahr vrai verdadero verdadeiro vero
"""
_NO = "no false n f negative down nein non não nee нет nie hayır 否 いいえ 아니오 아니요 لا नहीं falso niet nej"

GOOD = _words(_GOOD)
BAD = _words(_BAD)
YES = _words(_YES)
NO = _words(_NO)

_LOW = """
toxicity toxic hallucination hallucinations hallucinated bias biased harm harmful harmfulness unsafe violation
violations risk pii leak leakage leaks jailbreak injection profanity offensive offensiveness hate abuse misinformation
misuse threat insult stereotype stereotyping maliciousness controversiality criminality error errors failure failures
fail failed wrong incorrect incorrectness mistake mistakes complaint complaints frustration frustrated churn spam
contradiction contradictions insensitivity irrelevance irrelevant ungrounded dishonesty deception
cost price latency time duration delay retries wer cer perplexity loss regret distance redundancy repetition
fehler kosten toxizität schaden erreur erreurs toxicité coût errores toxicidad costo erros toxicidade custo
毒性 幻觉 幻覺 幻覚 错误 錯誤 偏见 成本 延迟 有害 エラー 有害性 환각 오류 독성 편향 비용
"""
_HIGH = """
accuracy accurate correct correctness quality helpful helpfulness relevance relevancy relevant faithful faithfulness
grounded groundedness grounding factual factuality factually truthfulness truthful honesty success successful
succeeded pass passed passing reward resolved resolution solved satisfaction satisfied csat nps stars
thumbs thumb like likes recall precision f1 safety safe harmlessness coherence coherent conciseness concise
fluency completeness complete completed completion adherence compliance compliant valid validity goal achieved
fulfilled usefulness useful politeness empathy professionalism clarity consistency approval approved good exact match
matches qualität zufriedenheit korrektheit hilfreich qualité
calidad avaliação qualidade satisfação valutazione qualità оценка качество
评分 质量 满意度 正确性 准确性 評価 品質 満足度 正確性 評分 평가 품질 만족도 정확도
"""
_GENERAL = """
feedback review verdict judgement judgment outcome evaluation eval score result label overall vote reaction rating
ratings star grade note bewertung évaluation calificación reviews annotation
"""
"""Words that judge the run as a whole, where nothing but who judges stands beside them: `user_rating`."""
_BESIDE = """
user human expert customer client llm judge model auto agent final total answer response reply run trace session task
conversation chat end my our the of by is qa manual app web v1 v2 v3 1 2 3
"""
_MEASURES = _words("""
cost price latency duration delay retries tokens length count num number turns steps calls words characters chars ms
seconds usd time size wer cer perplexity loss regret distance similarity bleu rouge meteor levenshtein bertscore cosine
kosten coût costo custo 成本 延迟 비용
""")
_GUARDS = _words("""
toxicity toxic bias biased harm harmful harmfulness unsafe violation violations risk pii leak leakage leaks jailbreak
injection profanity offensive offensiveness hate abuse misuse threat insult stereotype stereotyping maliciousness
controversiality criminality insensitivity spam safety safe harmlessness complaint complaints
toxizität toxicité toxicidad toxicidade 毒性 偏见 有害 有害性 독성 편향
""")
_TWO_WAY = _words("""
correct success successful succeeded pass passed passing resolved resolution solved match matches
exact valid goal achieved fulfilled completed completion thumbs thumb like likes vote reward approved
""")
_RATINGS = _words("rating ratings stars star grade csat nps note bewertung calificación 评分 評分 評価 평가")
LOW, HIGH, GENERAL = _words(_LOW), _words(_HIGH), _words(_GENERAL)
_ANY_GENERAL = GENERAL | _words(_BESIDE)
_NOT = frozenset({"no", "non", "not", "un"})
_AGAINST = _words("""
without anti free absence avoidance avoided avoids lack zero efficiency effectiveness savings reduction prevention
resistance mitigation handling recovery robustness awareness low
""")
"""Words that turn a bad thing into a good one: `hallucination_free`, `error_handling`."""
_UNCLEAR = frozenset({"check", "checks", "test", "guard", "guardrail", "filter", "gate", "detection", "detector"})
"""Whether a `toxicity_check` of 1 found something or was passed is not told by its name."""
_COUNTS = frozenset({"count", "num", "number", "total", "n"})
_SPLIT = re.compile(r"(?<=[a-zß-öø-ÿ0-9])(?=[A-Z])|[^\w]+|_+")
_DRESS = dict.fromkeys((0xFE0E, 0xFE0F, 0x200D, *range(0x1F3FB, 0x1F400), 0x2640, 0x2642))
"""Variation selectors, joiners and skin tones, which change the look of an emoji and not what it says."""
_UNSPACED = "\u2e80"
"""From here on are the scripts that put no blank between words."""


def folded(text: str) -> str:
    """A label as the word lists have it: case, blanks, punctuation at the end and the dress of emoji taken off."""
    plain = unicodedata.normalize("NFC", text).translate(_DRESS).strip().strip(":.!。！").casefold()
    return plain if plain in ("-1", "+1") else "_".join(plain.replace("-", "_").split())


def words_of(name: str) -> frozenset[str]:
    """The words of a score's name, `errorRate.v2` as `error`, `rate`, `v2`."""
    plain = unicodedata.normalize("NFC", name)
    return frozenset(word.casefold() for word in _SPLIT.split(plain) if word)


def _has(name: str, known: frozenset[str]) -> bool:
    return not known.isdisjoint(words_of(name)) or any(word in name for word in known if word >= _UNSPACED)


def better_of(name: str) -> Better | None:
    """Whether a high or a low value of a score is good, where its name says so.

    >>> better_of("toxicity_score"), better_of("hallucination-free"), better_of("verbosity")
    ('low', 'high', None)
    """
    words = words_of(name)
    if _has(name, LOW):
        if _UNCLEAR & words:
            return None
        return "high" if (_NOT | _AGAINST) & words else "low"
    if _has(name, HIGH):
        return "low" if _NOT & words else "high"
    return "high" if words & GENERAL and words <= _ANY_GENERAL else None


def is_measure(name: str) -> bool:
    """Whether a score is a quantity with no end that is a pass: money, time, counts, likeness to a text."""
    return _has(name, _MEASURES) or _has(name, _COUNTS)


def is_guard(name: str) -> bool:
    """Whether a score says only that nothing bad was seen, not that the run did its job."""
    return _has(name, _GUARDS)


def is_two_way(name: str) -> bool:
    """Whether a score of this name says yes or no, so that a 1 alone is no lowest grade."""
    return _has(name, _TWO_WAY) and not is_rating(name)


def is_rating(name: str) -> bool:
    """Whether a score is a grade that a person gives, on a scale that starts at 1 as often as at 0."""
    return _has(name, _RATINGS)
