"""A model without a network: rules that read the conversation, choose tools and write answers.

It behaves as a small model does. It follows what its instructions say; where they are silent it has habits, some of
them bad, and shows a habit in some conversations and not in others: a coin that depends only on the seed, the
customer's words and the habit, so that a conversation can be had again.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from typing import Any

from . import phrases
from .messages import Block, Reply, Turn
from .reading import Used, View, item_matches, read

_SPOKEN_ITEM = re.compile(r"\bthe ([a-z ]+?) (?:I bought|from my other)")
_WITHIN = re.compile(r"within (\d+) days")
_HABITS = {"gloss_over": 0.75, "make_up": 0.8, "carry_order": 0.8, "skip_mail": 0.6}
"""How often a habit shows where no instruction forbids it."""
_TOPICS = ("rental", "gift card", "personalised", "climbing course", "second-hand")
"""What customers ask about that no policy covers."""

Action = list[Block] | str
"""Tool calls to make, or the text of an answer."""


class ScriptedModel:
    """The scripted model; one instance may serve many conversations."""

    name = "ridge-mini-1"
    provider = "scripted"

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def create(self, *, system: str, messages: list[Turn], tools: list[dict[str, Any]]) -> Reply:
        """The next message: a pure function of the seed and the conversation."""
        view = read(system, messages)
        action = Decision(view, self._seed).action()
        content: list[Block] = [{"type": "text", "text": action}] if isinstance(action, str) else action
        asked = json.dumps([system, messages, tools])
        for position, block in enumerate(content):
            if block["type"] == "tool_use":
                block["id"] = f"toolu_{_digest(asked, position)[:16]}"
        return Reply(
            id=f"msg_{_digest(asked, self._seed)[:20]}",
            model=self.name,
            content=content,
            stop_reason="end_turn" if isinstance(action, str) else "tool_use",
            input_tokens=len(asked) // 4,
            output_tokens=max(len(json.dumps(content)) // 4, 1),
        )


class Decision:
    """What to do next in a conversation."""

    def __init__(self, view: View, seed: int) -> None:
        self.view = view
        self._seed = seed

    def action(self) -> Action:
        """The next tool call, or the answer."""
        wishes = self.view.wishes
        if "refund" in wishes and not self._topic():
            return self._refund()
        if "address" in wishes:
            return self._move()
        if "mail" in wishes:
            return self._mail_only()
        if "status" in wishes:
            return self._status()
        if "rule" in wishes or self._topic():
            return self._rule()
        return self._say(phrases.HELLO)

    def _refund(self) -> Action:
        order = self._meant_order()
        if not isinstance(order, dict):
            return order
        barrier = self._barrier(order)
        if barrier is not None:
            return barrier
        tries = self.view.used("issue_refund")
        if not tries or (tries[-1].failed and len(tries) == 1 and "admit_failure" in self.view.rules):
            return [_use("issue_refund", order_id=order["order_id"], amount=order["total"], reason=self._reason())]
        return self._after_refund(order, tries[-1])

    def _barrier(self, order: dict[str, Any]) -> Action | None:
        """Check the policy before a refund, where the instructions ask for it."""
        if "check_policy" not in self.view.rules:
            return None
        looked = self.view.used("search_policy")
        if not looked:
            sale = "final sale items" if order["final_sale"] else "return window"
            return [_use("search_policy", query=f"refund eligibility {sale}")]
        text = " ".join(passage["text"] for passage in looked[-1].result) if not looked[-1].failed else ""
        if order["final_sale"] and "final sale cannot" in text:
            return self._say(phrases.FINAL_SALE, **order)
        window = _WITHIN.search(text)
        if window and (order["delivered_days_ago"] or 0) > int(window.group(1)):
            return self._say(phrases.TOO_LATE, window=window.group(1), **order)
        return None

    def _after_refund(self, order: dict[str, Any], refund: Used) -> Action:
        item = self._item_words(order)
        if refund.failed and ("admit_failure" in self.view.rules or not self._habit("gloss_over")):
            return self._say(phrases.REFUND_FAILED, **order | {"item": item})
        arrives = refund.result["arrives_in"] if isinstance(refund.result, dict) else "a few working days"
        done = self._say(phrases.REFUNDED, arrives=arrives, **order | {"item": item})
        if "mail" not in self.view.wishes:
            return done
        if not self.view.used("send_email") and ("mail_first" in self.view.rules or not self._habit("skip_mail")):
            return [_confirmation(order)]
        return f"{done} {self._say(phrases.MAILED, **order)}"

    def _meant_order(self) -> dict[str, Any] | Action:
        """The order that the latest message is about, or what to do to find it."""
        number = self.view.named_order
        if number is None:
            found = self._unnamed_order()
            if not isinstance(found, str):
                return found
            number = found
        if not number.startswith("R-"):
            return number
        shown = [order for order in self.view.orders() if order["order_id"] == number]
        if shown:
            return shown[0]
        looked = self.view.used("lookup_order")
        if looked and looked[-1].failed:
            return self._say(phrases.NO_SUCH_ORDER, number=number)
        return [_use("lookup_order", order_id=number)]

    def _unnamed_order(self) -> dict[str, Any] | Action:
        """Where the message names no number: an order number, an order, or what to do."""
        known = self.view.orders()
        if not known:
            return self.view.known_order or self._say(phrases.WHICH_ORDER)
        if item_matches(known[0]["item"], self.view.asked) or not self._speaks_of_an_item():
            return str(known[0]["order_id"])
        if "find_meant" not in self.view.rules and self._habit("carry_order"):
            return str(known[0]["order_id"])
        if not self.view.used("find_orders"):
            return [_use("find_orders", email=known[0]["email"])]
        meant = [order for order in known if item_matches(order["item"], self.view.asked)]
        return meant[0] if meant else self._say(phrases.WHICH_ORDER)

    def _status(self) -> Action:
        order = self._meant_order()
        if not isinstance(order, dict):
            return order
        delivered = order["delivered_days_ago"] is not None
        return self._say(phrases.DELIVERED if delivered else phrases.STATUS, **order)

    def _move(self) -> Action:
        order = self._meant_order()
        if not isinstance(order, dict):
            return order
        tried = self.view.used("update_address")
        if not tried:
            return [_use("update_address", order_id=order["order_id"], address=self.view.address or "")]
        changed = not tried[-1].failed and tried[-1].result["status"] == "changed"
        address = self.view.address or ""
        return self._say(phrases.MOVED if changed else phrases.NOT_MOVED, **order | {"address": address})

    def _mail_only(self) -> Action:
        order = self._meant_order()
        if not isinstance(order, dict):
            return order
        if not self.view.used("send_email"):
            return [_confirmation(order)]
        return self._say(phrases.MAILED, **order)

    def _rule(self) -> Action:
        looked = self.view.used("search_policy")
        if not looked:
            return [_use("search_policy", query=self.view.asked.rstrip("?.!"))]
        passages, topic = looked[-1].result, self._topic()
        if topic is not None and not any(topic in passage["text"].lower() for passage in passages):
            if "only_found" in self.view.rules or not self._habit("make_up"):
                return self._say(phrases.NO_RULE, topic=topic)
            return self._say(phrases.MADE_UP, topic=topic, window=self._coin("window").choice([10, 21, 45, 90]))
        if not passages:
            return self._say(phrases.NOTHING_FOUND)
        return self._say(phrases.RULE, rule=_as_answer(passages[0]["text"]))

    def _topic(self) -> str | None:
        return next((topic for topic in _TOPICS if topic in self.view.asked.lower()), None)

    def _speaks_of_an_item(self) -> bool:
        return bool(_SPOKEN_ITEM.search(self.view.asked))

    def _item_words(self, order: dict[str, Any]) -> str:
        """The item in the customer's words where they name one, else the order's."""
        if self.view.named_order is None and not item_matches(order["item"], self.view.asked):
            found = _SPOKEN_ITEM.search(self.view.asked)
            return found.group(1) if found else str(order["item"])
        return str(order["item"])

    def _reason(self) -> str:
        return "faulty" if re.search(r"broke|fault|leak|torn|light", self.view.asked) else "returned by customer"

    def _habit(self, name: str) -> bool:
        return self._coin(name).random() < _HABITS[name]

    def _coin(self, name: str) -> random.Random:
        return random.Random(_digest(self._seed, self.view.asked, name))

    def _say(self, variants: tuple[str, ...], **facts: Any) -> str:
        first_name = str(facts.get("customer", "there")).split()[0]
        total = facts.get("total")
        shown = facts | {"name": first_name, "total": f"{total:.2f}" if isinstance(total, float) else total}
        return self._coin("wording").choice(variants).format(**shown)


def _use(tool: str, **arguments: Any) -> Block:
    return {"type": "tool_use", "id": "", "name": tool, "input": arguments}


def _confirmation(order: dict[str, Any]) -> Block:
    body = f"Hello {order['customer'].split()[0]},\nwe confirm the refund of order {order['order_id']}.\nRidgeline"
    return _use("send_email", to=order["email"], subject=f"Your order {order['order_id']}", body=body)


def _as_answer(text: str) -> str:
    """The sentence of a passage that states a rule, without its heading."""
    sentences = re.split(r"(?<=[.?!]) ", text)
    stated = next((s for s in sentences if re.search(r"\d", s)), sentences[0])
    stated = stated.removeprefix("Return window: ").rstrip(".")
    return stated[:1].upper() + stated[1:]


def _digest(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
