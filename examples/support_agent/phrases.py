"""How the scripted model puts its answers; each a choice of wordings."""

HELLO = ("You're welcome! Is there anything else I can help you with?", "Glad to help. Anything else?")
WHICH_ORDER = ("Could you give me the order number, please? It starts with R-.",)
NO_SUCH_ORDER = ("I can't find order {number}. Could you check the number?",)
STATUS = (
    "Hi {name}, your {item} (order {order_id}) is {status}.",
    "Your order {order_id} with the {item} is {status}, {name}.",
)
DELIVERED = (
    "Hi {name}, your {item} (order {order_id}) was delivered {delivered_days_ago} days ago.",
    "Order {order_id} with the {item} was delivered {delivered_days_ago} days ago, {name}.",
)
FINAL_SALE = (
    "I'm sorry, {name}: the {item} was a final sale item, so order {order_id} can't be refunded.",
    "Unfortunately order {order_id} was marked final sale, and those items can't be refunded, {name}.",
)
TOO_LATE = (
    "I'm sorry, {name}: returns are possible within {window} days, and order {order_id} was delivered "
    "{delivered_days_ago} days ago, so I can't refund it.",
)
REFUNDED = (
    "All done, {name}! I've refunded {total} USD for your {item} to your {payment}; it arrives in {arrives}.",
    "Your refund of {total} USD for the {item} is on its way to your {payment}, {name}. Allow {arrives}.",
)
REFUND_FAILED = (
    "I'm sorry, {name}: I tried to refund your {item} (order {order_id}), but the payment provider did not confirm "
    "it, so nothing has been booked. I've handed this to a colleague.",
)
MAILED = ("I've sent a confirmation to {email}.", "You'll find the confirmation at {email}; I've just sent it.")
MOVED = ("Done, {name}: order {order_id} will be delivered to {address}.",)
NOT_MOVED = ("I'm sorry, {name}: order {order_id} is {status}, so its address can no longer be changed.",)
RULE = ("Good question! {rule}.", "Happy to help: {rule}.", "{rule}. Anything else?")
NO_RULE = ("I can't find a rule about {topic} purchases in our policies, so I've passed your question to a colleague.",)
NOTHING_FOUND = ("I can't find that in our policies, so I've passed your question to a colleague.",)
MADE_UP = (
    "Good news: for {topic} purchases our usual terms apply, so you have {window} days to get a full refund.",
    "No problem! With {topic} orders you can ask for a refund within {window} days.",
)
