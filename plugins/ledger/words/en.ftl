# What the ledger's pages say, in English.
nav-overview = Overview
nav-pay = Pay
nav-request = Ask for money
nav-statement = Statement
nav-pending = Waiting
nav-pending-some = Waiting ({ $count })
nav-account = Account
nav-circulation = All the money
nav-balances = Balances
nav-counter = Counter
nav-books = Books

title-overview = Your account
title-pay = Pay
title-request = Ask for money
title-statement = Statement
title-pending = Payments that wait
title-account = About this account

which-account = Which account
show = Show

# One sentence for each case of a balance: is interest due, to whom is it owed, what to do next.
credit-plus = The community owes you this much: you gave it before you took it. No interest grows on it. Spend it with any member.
credit-zero = You owe nothing, and nobody owes you. You can pay before you have earned: up to { $credit }.
credit-zero-none = You owe nothing, and nobody owes you. You can pay once something has come in.
credit-minus = You owe this much to all members together, not to one of them. No interest is due. You even it out by giving something that others need.
credit-near = You owe this much to all members together. No interest is due. You are near your limit: { $left } is left. Earn something before you pay more.
credit-limit = You are at your limit, so you cannot pay until something comes in. No interest is due. Offer what others need, or ask a steward what to do.
plain-plus = You have this much. Nothing is due for keeping it.
plain-zero = There is nothing on this account. You can pay once something has come in.
plain-minus = This account stands below zero for what it gave out to the others.
week-after-recovery = Somebody who acts for this account was let back in lately. So that no stranger can empty it, it pays at most as in its usual week until { $until }: { $left } is left of that.
suspended = A steward has suspended this account: it receives, and does not pay. Ask a steward why.
closed = This account is closed.
ledger-opening = The books are still being set up. You can pay once a steward opens them.
ledger-closed = These books are closed: balances stay as they are.

left-to-spend = Left to spend
reserved = Reserved for payments that wait
coming = On its way to you
recent = Recent
nothing-yet = Nothing has moved yet.
first-payment = Your first payment
all-lines = The whole statement

pay-to = To whom
pay-to-help = A member's short name, such as @rosa, or the code of an account.
pay-amount = How much, in { $unit }
pay-amount-help = For example { $example }.
pay-memo = What for
pay-memo-help = You both can read it, and nobody else.
pay-send = Pay
pay-from = From
pay-to-chosen = You pay

ask-lead = Somebody opens this with the phone's camera, or taps the link, and finds the payment filled in.
ask-amount = How much, in { $unit }
ask-memo = What for
ask-make = Make a code
ask-code = To show
ask-link = Or send this page as a link
ask-scan = Scan to pay

from = From
through = Until
with = With whom
with-nobody = Nobody has this short name. Choose one from the list.
to-print = For printing
to-save = Save as a table (CSV)
search = Words
search-help = In notes, and in names of accounts.
filter = Show
older = Older payments
no-lines = No payment fits.
date-wrong = That is no date.
column-who = With, and what for
column-amount = Amount, balance after
paid-to = to
received-from = from
by = by { $name }
is-waiting = waits
is-posted = done
is-voided = withdrawn
is-expired = lapsed

pending-none = Nothing waits.
pending-lead = Money that is set aside for a payment, until it is accepted or withdrawn.
pending-to-you = For you
pending-from-you = From you
accept = Accept
decline = Decline
pay-out = Pay now

account-code = Code
account-owner = Owner
account-opened = Opened
account-credit = Credit limit
account-upper = Highest balance
no-limit = without limit
account-balances = Balance, the last payments
chart-day = Day
chart-balance = Balance
limits-changed = How the limits changed
limits-by = Who
limits-when = When
decision = a decision
