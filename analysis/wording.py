"""Ways of speaking that tell something: hedging, giving up, refusing, complaining. English first; German, French and
Spanish where the phrase is short and safe."""

from __future__ import annotations

import re

HEDGE = re.compile(
    r"(?i)\b(?:could(?:n't| not) (?:find|locate|verify|retrieve|access|confirm|determine)|(?:was|am|are|"
    r"were)(?:n't| not) able to|"
    r"unable to|no (?:results?|information|records?|data|matching|relevant)|not (?:available|found|sure|certain)|"
    r"(?:find|finds|found|located|returned|shows) (?:no|none|nothing)|no [\w '-]{1,40} (?:found|match(?:es|ed)?)|"
    r"nothing (?:found|matche[sd]|turned up|came up)|came (?:back|up) empty|"
    r"nothing (?:is |was )?(?:free|available|open|left|scheduled|booked)|fully booked|sold out|none (?:of|"
    r"left|available|found)|"
    r"no (?:\w+[ -]){0,3}(?:slots?|appointments?|availability|openings?|tickets?|orders?|bookings?|entries|"
    r"matches|hits|"
    r"items?|files?|documents?|references?|mentions?|evidence|such)\b|"
    r"there (?:is|are|was|were) (?:no|none|nothing|currently no)|(?:have|has|had) (?:no|none|nothing)\b|"
    r"(?:can(?:'t|not)|could(?:n't| not)) (?:tell|say|reach|see|check|get|load|open|look)|"
    r"did(?:n't| not) (?:find|return|contain)|does(?:n't| not) (?:exist|contain|appear)|do(?:n't|"
    r" not) (?:have|see|know)|"
    r"can(?:not|'t| not) (?:find|verify|confirm|determine|answer)|unfortunately|i(?:'m| am) (?:afraid|"
    r"sorry)|apologi[sz]e|"
    r"leider|nicht gefunden|keine (?:informationen|ergebnisse)|malheureusement|d[ée]sol[ée]|lamentablemente|no encontr)"
)
REFUSAL = re.compile(
    r"(?i)\b(?:i(?:'m| am) (?:sorry|afraid|unable)[,.]? (?:but )?(?:i )?(?:can(?:not|'t)|am not able|"
    r"to (?:help|assist)|unable)|"
    r"i (?:can(?:not|'t)|won't|will not|am not able to|am unable to) (?:assist|help|comply|provide|fulfil|"
    r"do that|continue|process|"
    r"discuss|proceed|complete|complet|perform)|as an ai(?: language model)?,? i|"
    r"(?:against|violates?) (?:my|our|the) (?:policy|policies|guidelines)|"
    r"ich kann (?:ihnen )?(?:dabei )?(?:leider )?nicht|"
    r"je ne peux pas|no puedo (?:ayudar|hacer))"
)
FRUSTRATION = re.compile(
    r"(?i)\b(?:that(?:'s| is) (?:not (?:what|right|correct)|wrong|incorrect)|you(?:'re| are) (?:wrong|"
    r"not (?:listening|helping|understanding))|"
    r"(?:i )?already (?:told|said|gave|provided|mentioned|explained)|(?:as|like) i (?:just )?said|(?:this|"
    r"it) (?:is|'s) (?:ridiculous|"
    r"useless|unacceptable|frustrating|not helpful|not working|still (?:wrong|broken|not))|(?:speak|"
    r"talk) (?:to|with) (?:a |an )?"
    r"(?:human|person|manager|supervisor|real)|are you (?:kidding|serious|even)|stop (?:asking|repeating)|wtf|"
    r"(?:this|it) (?:does|did)(?:n't| not) (?:work(?! out)|help|answer)|(?:still )?not (?:what i (?:asked|wanted|"
    r"meant))|"
    r"you (?:didn't|did not) (?:answer|read|listen|do)|you (?:misunderstood|made a mistake)|das (?:ist|war) falsch|"
    r"das stimmt nicht|nicht hilfreich|c'est faux|eso no es)"
)
GIVING_UP = re.compile(
    r"(?i)\b(?:unable to (?:complete|determine|find|locate|answer|access|retrieve)|(?:could|can)(?:not|"
    r"n't| not) (?:be )?(?:complete|determine|"
    r"found?|answer|access)|request (?:was )?not (?:satisfied|completed)|"
    r"max(?:imum)? (?:number of )?(?:rounds|steps|iterations|turns|"
    r"retries|messages) (?:was |were )?(?:reached|exceeded)|(?:ran|run) out of (?:time|steps|budget|"
    r"tokens)|time(?:d)? ?out|gave up|no answer)"
)
AGREEMENT = re.compile(
    r"(?i)\b(?:yes|yep|yeah|sure|please do|go ahead|confirm(?:ed)?|proceed|correct|that works|sounds good|"
    r"do it|ok(?:ay)?|ja|oui|s[ií])\b"
)
"""A person agrees to what was proposed."""
