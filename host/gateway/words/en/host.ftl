# What the host's own pages say. A message is named for what it is about.

## The frame of every page
skip-to-content = Skip to the content
way-around = Pages
home = Home
menu = Menu
members = Members
invitations = Invitations
language = Language
choose = Choose
for-developers = For developers
back = Back
more = More
save = Save
change = Change
set-up = Set up
remove = Remove
go-on = Go on
print = Print
copy = Copy
copied = Copied
or = or
host-failed = Something went wrong in the host. Try again; if it stays, tell a steward.
too-late = This took too long, or was done already. Begin again.
not-done = This was not done

## Refusals
refused = This was refused ({ $case }).
refused-handle-taken = Somebody has this short name already. Choose another.
refused-handle-invalid = A short name has 2 to 32 letters from a to z, digits and hyphens, and neither begins nor ends with a hyphen.
refused-name-invalid = A name is needed, of at most 200 letters.
refused-invitation-expired = This invitation has expired. Ask for a new one.
refused-invitation-used-up = This invitation was used already. Ask for a new one.
refused-invitation-unknown = This invitation is not known here. Perhaps it was taken back; ask for a new one.
refused-has-credentials = This person can sign in already. A steward alone cannot give anybody else another way in.
refused-last-way-in = This is your only way to sign in. Add another one first.
refused-denied = You may not do this.
refused-busy = Too many people are doing this right now. Wait a moment and try again.

## Home
hello = Hello, { $name }
no-way-in = You have no way to sign in again yet. Add one now, or you are locked out when this browser forgets you.
only-steward-you = You are the only steward. If you lose your way in, two members together have to let you back. Ask somebody you trust to become a steward too.
only-steward = This community has only one steward. If that person is lost, two members together can let a new one in.
no-plugins-title = Nothing is installed yet
no-plugins-steward = What a community does is done by plugins: its money, its decisions, its food. Install the first one.
no-plugins-member = The stewards have not installed anything yet.
members-about = Who is here.
invitations-about = Let people in by a link or a QR code.
me-about = Your name, how you sign in, where you are signed in.
stranger-lead = This is where the community keeps what it agreed, owns and owes. It runs on a box of its own.
stranger-invitation = New here? Members come in by an invitation: ask a steward for a link.
unfounded-title = Nobody lives here yet
unfounded-lead = Whoever started this host sees a link on its screen. Open that link to found the community.

## A demo
demo-banner-title = Demo
demo-banner = This is a demo. Nobody here is real, and everything is deleted when it is started anew.
demo-look-around = Look around as
demo-be = Be { $handle }
demo-tour = The three cards
demo-tour-title = Three things to try
demo-tour-end = Seen enough?
demo-card = Card { $number }
demo-as = Do it as { $handle }
demo-lead = Each card is one step that you do yourself. One press signs you in, without a password; this line above every page brings you back.
demo-own = Start my own
demo-own-lead = A community of your own is one program on one box that you keep. It takes an evening, not a server.
demo-own-box = A computer that stays on: an old laptop is enough, or the machine on which this demo runs.
demo-own-command = In a terminal on it, in the folder in which the demo was started, type this:
demo-own-link = It prints a link, a code and a fingerprint. Open the link on your phone: the page asks for a name, how you sign in, and whom you invite. Nothing needs the terminal again.
demo-own-stop = Stop the demo first: both listen on the same port. Nothing of the demo comes along.

## Signing in
sign-in = Sign in
sign-out = Sign out
handle = Short name
handle-help = By it others find you and you sign in: letters from a to z, digits and hyphens. Not secret.
password = Password
sign-in-passkey = Sign in with a passkey
sign-in-passkey-named = Your passkey is not found? Type your short name below first, then press this again.
sign-in-recovery = I cannot get in: use a recovery code
sign-in-wrong = Name, password or code is not right.
sign-in-too-many = { $count ->
    [one] Too many tries. Wait a second, then try again.
   *[other] Too many tries. Wait { $count } seconds, then try again. A browser in which you were signed in before does not have to wait for others.
}
code = Code
code-title = One more step
code-help = The six digits that your authenticator app shows, or one of your recovery codes.
code-wrong = This code is not right. Codes of an app hold for thirty seconds and work once.
recovery-title = Use a recovery code
recovery-lead = Take one of the codes that you printed. It works once; then you set up how you sign in anew.
recovery-code = Recovery code
recovery-none = No codes left? Two stewards together can let you back in.
prove-title = Is it you?
prove-lead = What comes next needs a fresh proof that it is you.
prove-passkey = Use a passkey
prove-first = You signed in too long ago for this. Load the page again and prove that it is you.
passkey-cancelled = Nothing was done: the browser was told to stop, or took too long.
passkey-no-host-name = Passkeys need a name like oak.example. This page was reached by a number.
passkey-refused = This passkey was not accepted here.

## Coming in
join-title = Come in to { $community }
join-lead = You have been invited. Two lines, and you are in.
join = Come in
join-useless = This link lets nobody in
join-member-lead = This link is for you. With it you sign in to { $community } in this browser, and choose how you sign in from now on.
join-member = Sign in
join-signs-out = Somebody is signed in in this browser. She is signed out when you go on.
your-name = Your name
your-name-help = As others call you. You can change it later.
your-handle = Your short name is { $handle }.

## How one signs in
secure-account = How I sign in
secure-title = How you sign in
secure-title-new = Choose how you will sign in
secure-lead = Have two ways in, so that losing one does not lock you out.
secure-lead-new = Choose one now. A passkey is easier and safer: your phone or computer knows you by finger, face or PIN.
secure-about = Passkeys, password, recovery codes.
passkeys = Passkeys
passkeys-about = Nothing to remember and nothing to steal: the key stays in your phone, computer or security key.
passkey-add = Add a passkey
passkey-needs-https = Passkeys need an encrypted connection. Open this page by its address that begins with https. Until then, use a password.
passkey-needs-script = Passkeys need JavaScript, which is off in this browser. Use a password with an authenticator app.
password-and-app = Password with an app
password-and-app-about = A password, and a code that an authenticator app shows.
password-title = Choose a password
password-new = New password
password-help = At least 8 characters; a sentence that only you know is best. No rules about signs, but nothing that is easy to guess.
password-too-short = A password has at least 8 characters.
password-too-long = A password has at most 256 bytes.
password-too-easy = This is among the first that anybody would try. Take something longer that has nothing to do with your name.
app = Authenticator app
app-title = Set up an authenticator app
app-lead = Scan this with an app such as Aegis, 2FAS or Google Authenticator, or open it on this phone. Then type the code that it shows.
app-qr = QR code for an authenticator app
app-open = Open in an app on this device
app-type = Type it instead
app-code-help = The six digits that the app shows now.
recovery-codes = Recovery codes
recovery-codes-left = { $count ->
    [0] You have no recovery codes left.
    [one] You have one recovery code left.
   *[other] You have { $count } recovery codes left.
}
recovery-codes-new = Make new recovery codes
recovery-codes-warning = Your old codes end at once.
recovery-sheet = Your recovery sheet
recovery-sheet-lead = Print this or write it down, and keep it where you keep papers. With one of these codes { $handle } gets back in to { $community } when everything else is lost. Each works once. They are not shown again.
recovery-sheet-kept = I have kept it

## Oneself
me-title = You
sessions = Where you are signed in
sessions-about = A browser signs you out after two weeks without use, and after three months in any case.
session-here = This browser
session-used = Last used on { $day }
session-end = Sign out
sessions-end-others = Sign out everywhere else

tokens = Tokens
tokens-about = For programs that act for you, such as “hamlet call” or a cash desk.
tokens-lead = A program shows a token instead of you. It may never do more than you may; give it less.
token-new = A new token
token-label = What for
token-label-help = For example “cash desk”.
token-functions = Only these functions
token-functions-help = For example “shop/*/*”; several with commas between. Empty: all that you may.
token-days = Good for how many days
token-read-only = Only to look
token-make = Make a token
token-made = The token is made
token-made-lead = Copy it into the program now. It is not shown again.
token-all = all functions
token-expires = until { $day }

## Members
member-add = Add somebody
member-add-about = Somebody without a phone, a household, an organisation. Whoever can come in by herself gets an invitation instead.
member-kind = What it is
member-name = Name
member-way-in = Give a way to sign in
member-way-in-about = A link for this person alone, to send or to print. Whoever can sign in already needs none.
for-stewards = For stewards
group-join = Put into a group
group-join-help = For example “stewards”, “bakers” or “counter”.
group-leave = Take out
add = Add
kind-person = person
kind-household = household
kind-organisation = organisation
kind-commons = the community itself
member-since = Here since { $day }.
groups = Groups

## Letting somebody back in
recoveries = Letting somebody back in
recoveries-lead = Nobody alone lets anybody in as somebody else. A steward begins, another steward confirms; where there are not two, two members do. Then two days pass, and whoever is meant can stop it.
recoveries-none = Nobody is being let back in.
recovery-lost = Lost every way to sign in?
recovery-begin = Begin to let this person back in
recovery-begun = Begun by { $by } on { $day }.
recovery-confirmed = Confirmed by { $names }.
recovery-needs-more = Others have to confirm that this really is that person: see her, or call her.
recovery-waits = Confirmed. It can be finished on { $day }.
recovery-ready = The time is over: it can be finished.
recovery-confirm = I know that it is really that person
recovery-cancel = Stop this
recovery-cancel-hers = This is me, and I am not lost: stop it
recovery-finish = Make the link
recovery-warning = Somebody says that you lost every way to sign in, and is letting somebody in as you.
recovery-look = Look at it
recovery-exists = This goes on for this person already.
recovery-not-yours = You cannot do this here: a steward begins, and somebody else confirms.
recovery-needs-others = You did your part. Others have to do theirs.
recovery-not-ready = Not enough have confirmed it, or two days have not passed.

## Invitations
invite-title = Invite
invite-label = What for
invite-label-help = Only you stewards see it, for example “harvest festival”. No names of people, please.
invite-uses = How many people
invite-days = Good for how many days
invite = Make an invitation
invite-made = The invitation is made
invite-made-lead = Show the code, or send the link. Whoever has it can come in, so send it only to whom it is for. It is not shown again.
invite-qr = QR code of the invitation
invitations-open = Open invitations
invitation-used = { $used } of { $uses } used, good until { $day }
take-back = Take back

## Plugins
plugins = Plugins
plugins-lead = What the community does is done by plugins. Each gets only what it asks for and you grant.
plugins-installed = Installed
plugins-offered = On this box, ready to install
plugins-none-offered = Nothing else lies on this box. Put a signed bundle into the folder “catalogue” of the community.
plugin-paused = paused
plugin-paused-about = It is paused: nobody can use it until a steward lets it answer again. Nothing is lost.
plugin-signed = Signed by { $key }
plugin-unsigned = Not signed: built on this box
plugin-unsigned-warning = Nobody signed this. Install it only if you or somebody whom you trust built it.
plugin-look = Look at it
plugin-means = What installing it means
plugin-install = Install
plugin-install-and-grant = Grant all of this and install
plugin-may = What it may do
plugin-not-granted = Not granted
plugin-pause = Pause it
plugin-resume = Let it answer again
plugin-previous = Before: version { $version }
plugin-roll-back = Go back to { $version }
plugin-confirm = It is good; give up the way back
grant = Grant

## Founding a community
setup-title = Found your community
setup-lead = A few lines, and it lives. All of it can be changed later.
setup-code = Code
setup-code-help = The eight digits on the screen of the box.
setup-community = Name of the community
setup-community-help = As people call it, for example “Oak Street”.
setup-place = Place
setup-zone = Time zone
setup-zone-help = As “Europe/Madrid”. It says when a day begins.
setup-you = You, the first steward
setup-begin = Found it

## Plugins' pages
plugin-done = Done. It is recorded.
plugin-functions = All that can be done here
plugin-functions-lead = Each thing that you may do here, with a form of its own.
plugin-functions-none = There is nothing here that you may do.
plugin-changes = Do something
plugin-asks = Look something up
confirm-title = Do you want this?
confirm-lead = “{ $act }” of { $plugin } would do this in your name:
confirm-whose = Whose
confirm-yours = Yours
confirm-kind = What it takes
confirm-money = How much
confirm-amount = How much, in the smallest unit
confirm-by = Who asks
confirm-yes = Yes, do it
confirm-no = No, go back
confirm-help = Nothing has been done yet. If you say yes, exactly this is done, once.
picture-refused = This is no picture that can be taken: a JPEG or PNG of at most { $megabytes } MB.
