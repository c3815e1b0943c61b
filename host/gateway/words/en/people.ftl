## The steward log
log-title = Steward log
log-lead = Everything that was done with the power of a steward: who came in, who got which role, what was installed and what it may do, who was let back in. Every member reads it. Nobody can change it, delete a line, or switch it off.
log-about-short = What stewards did, and why.
log-kind = What kind
log-kind-all = Everything
log-kind-people = People and groups
log-kind-access = Signing in and recoveries
log-kind-plugins = Plugins and what they may do
log-kind-community = The community itself
log-by = Done by (short name)
log-about = About (short name)
log-filter = Show
log-empty = There is nothing here.
log-no-such-person = Nobody has this short name.
log-somebody-gone = somebody who has gone
log-by-box = The host
log-by-decision = A decision of the community
log-by-device = A device
log-reason = Reason:
log-plugin-act = { $who } · { $plugin }: { $what }
log-members-add = { $who } added { $whom }.
log-members-remove = { $who } ended the membership of { $whom }.
log-members-rename = { $who } changed how { $whom } is called.
log-members-erase = { $who } erased what was kept about a member who had left.
log-members-join-group = { $who } put { $whom } into the group “{ $thing }”.
log-members-leave-group = { $who } took { $whom } out of the group “{ $thing }”.
log-members-give-mandate = { $who } let somebody act for { $whom }.
log-invitations-create = { $who } made an invitation. { $whom }
log-invitations-revoke = { $who } took an invitation back.
log-invitations-used = { $whom } came in by an invitation.
log-tokens-create = { $who } made a key for the tools of { $whom }.
log-tokens-revoke = { $who } took back a key of the tools of { $whom }.
log-sessions-end = { $who } signed { $whom } out of one browser.
log-recoveries-begin = { $who } began to let { $whom } back in, who lost every way to sign in.
log-recoveries-confirm = { $who } confirmed that { $whom } is to be let back in.
log-recoveries-cancel = { $who } stopped the recovery of { $whom }.
log-recoveries-finish = { $who } made the link by which { $whom } is let back in.
log-plugins-activate = { $who } installed or upgraded { $thing }.
log-plugins-switch-over = { $who } switched { $thing } to its new version.
log-plugins-cancel-migration = { $who } stopped the upgrade of { $thing }.
log-plugins-roll-back = { $who } went back to the version of { $thing } before.
log-plugins-confirm = { $who } confirmed the new version of { $thing }.
log-plugins-set-status = { $who } let { $thing } go on.
log-plugins-paused = { $who } paused { $thing }.
log-plugins-uninstall = { $who } uninstalled { $thing }.
log-plugins-grant = { $who } allowed { $thing } something that it asked for.
log-plugins-revoke = { $who } took back something that { $thing } was allowed.
log-grants-give = { $who } let { $thing } use something that belongs to all.
log-grants-revoke = { $who } took back what { $thing } was allowed to use of what belongs to all.
log-settings-set = { $who } changed the name, place, time zone or language of the community.
log-history-restored = The community was restored from a backup.
log-effects-set-dispatcher = { $who } chose which plugin carries out decisions.
log-events-letter = { $who } handled a message between plugins that had failed.
reason = Reason
reason-help = Every member reads it in the steward log. May be left empty.

## After a recovery
recovery-recent = You were let back in a short while ago. Until { $day } your account does only what it usually does: plugins may refuse larger payments and votes that have begun. This protects you if somebody else is using it.

## Profile
profile-title = Profile
profile-about = How others reach you, who sees it, and your picture.
profile-lead = Everything here is your choice, and so is who sees it. It is kept encrypted and goes when you leave.
profile-phone = Telephone
profile-email = E-mail
profile-address = Address
profile-seen-by = Who sees it
profile-line-invalid = A line has at most 300 letters and no line breaks.
profile-picture = Picture
profile-picture-about = Every member sees it. Where and when it was taken is left out.
profile-picture-choose = A photograph (JPEG) or a drawing (PNG)
profile-picture-send = Use this picture
profile-picture-remove = Take the picture away
profile-picture-of = Picture of { $name }
profile-picture-refused = This is not a picture that can be used. Take a JPEG or PNG of at most { $megabytes } MB.
readers-only-me = Only me
readers-stewards = Stewards
readers-members = All members

## Leaving, and what is held about me
me-yours = What is yours
me-yours-about = Read and take along everything that is held about you, or leave.
leave-title = Leave the community
leave-lead = You may go at any time, without a reason. Take what is held about you with you first.
leave-leave = Leave
leave-ends = You are signed out everywhere at once. Your groups, keys, mandates, ways to sign in, and how to reach you are gone.
leave-stays = What you own and owe stays on the books under your name, and what you decided together with others stands. Settle your account first if you can.
leave-back = You cannot undo it. Whoever comes back comes in by a new invitation, as a new member.
leave-sure = I want to leave this community.
leave-do = Leave now
leave-not-sure = Tick the box to say that you mean it.
leave-last-steward = You are the only steward. Make somebody else a steward first.
erase-title = Leave and be erased
erase-goes = Your name, how to reach you, your picture, the notes on your payments and all else that was sealed for you can never be read again, in older backups neither.
erase-stays = Amounts, dates and votes stay, under no name: others' books depend on them. So does the fact that somebody was a member, and your old short name in the journal.
erase-for-good = Nobody can bring it back: not you, not the stewards, not the maker of this software.
erase-sure = I want to leave and be erased for good.
erase-do = Leave and erase
export-title = What is held about me
export-lead = Everything that this community's box holds about you and can show you. You can keep it as a file.
export-download = Keep it as a file (JSON)
export-party = You
export-profile = Profile
export-groups = Groups
export-mandates = For whom you act
export-mandates-for-me = Who acts for you
export-ways-in = How you sign in
export-browsers = Where you are signed in
export-tokens = Keys of your tools
export-grants = What you let plugins do with what is yours
export-log-about = In the steward log about you
export-log-by = In the steward log done by you
export-silent = These plugins do not say by themselves what they hold about you; look at their own pages:
export-failed = This plugin did not answer. Try again later.

## Groups
groups-lead = A group is a role: who is in it may do what the group may do. Here is who is in which, and what for.
group-size = { $count ->
    [0] nobody
    [one] one
   *[other] { $count }
}
group-new = A new group
group-name = Name of the group
group-purpose = What is it for?
group-purpose-help = In one or two sentences, for everybody.
group-open = Members may come in by themselves
group-no-purpose = Nobody has said yet what this group is for.
group-who = Who is in it
group-nobody = Nobody.
group-may = What it may do
group-may-nothing = Nothing that not every member may do.
group-may-host = In the community
group-come = Come in
group-go = Leave this group
group-name-invalid = The name of a group has 2 to 32 letters from a to z, digits and hyphens, and neither begins nor ends with a hyphen.
group-purpose-too-long = Say what it is for in at most 500 letters.
group-stewards-never-open = Nobody becomes a steward by themselves.
group-not-open = A steward has to put you into this group.
groups-about = Who has which role, and what it may do.
log-groups-set = { $who } said what the group “{ $thing }” is for and who lets people in.
log-groups-join = { $who } came into the open group “{ $thing }”.

## Devices
devices = Devices
devices-lead = Meters, tablets and programs that call this community by themselves. A device is nobody: it may do only what is listed, and only where a plugin lets devices in.
devices-about = Meters, tablets and programs that may call.
device-new = Let a device in
device-name = What it is and where it stands
device-name-help = For example: meter in the cellar of house 3. No person's name.
device-functions-help = What it may call, as PLUGIN/PART/FUNCTION with * for any, separated by spaces. It cannot be left empty.
device-make = Make its key
device-made = The key of the device
device-never-used = not used since the host was started
device-pattern-invalid = Say what it may call as PLUGIN/PART/FUNCTION, for example energy/readings/*. A device cannot be allowed everything.
log-devices-create = { $who } let in the device “{ $thing }”.
log-devices-revoke = { $who } took back the key of a device.

## Who sees what about me
privacy-title = Who sees what about me
privacy-lead = What is kept about you in this community, and who can see it.
privacy-host = The community itself
privacy-not-said = This plugin does not say what it keeps about people. Ask a steward, or look at its pages.
privacy-authors-word = This is what its author declares. It is shown to stewards before they install it.
privacy-data = What it keeps about people, and who sees it
privacy-more = See also:
own-name = Your name, short name, and since when you are a member
own-groups = In which groups you are
own-contact = Telephone, e-mail, address
own-picture = Your picture
own-ways-in = How you sign in, where you are signed in, keys of your tools
own-mandates = For whom you act, and who acts for you
own-log = What stewards did about you, and what you did as a steward
own-acts = That you did something, and when, as a number that names nobody by itself
seen-self = you
seen-party = you and whoever acts with you for your household or organisation
seen-party-stewards = you, whoever it is about, and stewards
seen-counterparties = whoever is on the other side
seen-group = the group “{ $group }”
seen-members = every member
seen-public = anybody, members or not
seen-as-chosen = whom you choose for each
seen-box = whoever holds the box and its keys

## Ground rules
rules-title = Our ground rules
rules-about = How we treat each other, what is kept about you, what our credit is.
rules-none = This community has not written its ground rules yet.
rules-version = Version { $number }, of { $day }
rules-changed = This is new. Read it once; then you can go on with what you were doing.
rules-file = What you sent just now held a file and was not done: send it again after you have gone on.
rules-held = These ground rules are new. Read them once. What you sent just now waits in this page, and is done when you go on.
rules-go-on-and-do = I have read it; do what I sent
rules-go-on = I have read it and go on
rules-or-leave = You do not agree? Talk with the others. Or:
rules-rules = Our rules
rules-privacy = What is kept about you
rules-credit = What our credit is, and is not
rules-write = Write the ground rules
rules-write-lead = Three short texts that everybody can read in five minutes. Answer a few questions for a first draft, then make it yours.
rules-ask = A few questions
rules-ask-responsible = Who is responsible for this box and what is on it? (a name or an association)
rules-ask-contact = How is that person reached?
rules-ask-years = For how many years do you have to keep your books?
rules-ask-age = From which age may somebody take part alone?
rules-ask-unit = What is your unit of account called, if you have one?
rules-draft = Write a draft
rules-texts = The texts
rules-publish-about = Every member sees the new version before doing the next thing. Earlier versions are kept.
rules-publish = Publish
rules-too-long = A text has at most 8,000 letters, notes at most 16,000, and there has to be one.
rules-check = [This text is a draft that a program wrote. Have somebody who knows the law of your country check it, then delete this line.]
rules-draft-rules = { $community } belongs to its members. Nobody owns more of it than anybody else.
    { "" }
    We treat each other with respect, keep our word, and say so early when we cannot.
    { "" }
    Stewards keep things running. What they do with that power stands in the steward log, which every member reads. Any member may ask why.
    { "" }
    Who disagrees with a decision says so to the stewards first and to all members next. Nobody is shut out without having been heard.
    { "" }
    { $young }Everybody may leave at any time, without a reason.
rules-draft-age = Whoever is younger than { $age } takes part through a guardian.
rules-draft-contact = Contact: { $contact }.
rules-draft-years = Books are kept for { $years } years.
rules-draft-unit = Our credit
rules-draft-privacy = Responsible for what is kept here: { $responsible }.{ $reach }
    { "" }
    We keep your name, what you choose to say about yourself, and what you do here together with others: payments, bookings, votes. We keep it on our own box, encrypted, and give it to nobody else.
    { "" }
    You see who sees what under “Who sees what about me”, and everything that is held about you under “What is held about me”.
    { "" }
    { $books }What is only about you goes when you ask for it or leave: your name, how to reach you, notes. Amounts, dates and votes stay, under no name.
rules-draft-credit = { $unit } counts what we did for each other. It is not money: nobody has to take it, nobody can claim money for it, and it earns no interest.
    { "" }
    Being below zero is no debt to anybody in particular. It is a promise to give something back to all of us.
    { "" }
    Each account has a limit. Who comes near it talks with the others about what they can give or need.
    { "" }
    When somebody leaves, we settle what can be settled and carry the rest together.
    { "" }
    Whoever earns a living with it asks about taxes in their country.
log-papers-publish = { $who } published new ground rules.

## Hand-over
hand-over = Hand-over
hand-over-about = What hangs on one person, for whoever comes next.
hand-over-lead = What would the others need to know if you were gone tomorrow? Write it down here, print it, and put it where two people find it. Stewards read this page.
hand-over-stewards = Who is a steward
hand-over-one = Only { $name } is a steward. If that person is gone, nobody can do any of this. Make somebody else a steward today.
hand-over-here = This community
hand-over-address = Address
hand-over-version = Version of the software
hand-over-notes = What hangs on one person
hand-over-notes-help = Where things are and who has them. No passwords: write where they are kept. Kept encrypted.
hand-over-box = The box: where does it stand, who has the key to the room, who pays for power and network?
hand-over-name = The name (domain): where is it registered, in whose name, when does it have to be paid?
hand-over-mail = The mail account that sends notices: whose is it?
hand-over-keys = Keys: where is the key of the backups, and the sheet with the recovery codes of each steward?
hand-over-backup = Backups: where do they go, who looked last whether one can be restored?
hand-over-money = What does all this cost a year, and from which account is it paid?
hand-over-people = Who else knows how it works? Whom do you call when it does not?

## Move in
move-title = Move in
move-about = Bring in people and households from a list, with their balances.
move-lead = You have a list of your people already? Bring them in all at once: nothing is done before you have seen what will come of it.
move-file = The list
move-file-help = A CSV file or a spreadsheet (.xlsx). The first line says what is in the columns. At most { $rows } people at once.
move-read = Look at it
move-moves = Brought in so far
move-count = { $count ->
    [one] one person or household
   *[other] { $count } people and households
}
move-empty = There is nobody in this file. The first line has to say what is in the columns, and people come below it.
move-too-long = At most { $rows } people and households can be brought in at once. Split the list.
move-unclosed = A quotation mark is opened in this file and never closed. Save it as CSV once more.
move-table = Name of the table in the spreadsheet
move-table-help = Only where it is not the first one.
move-table-read = This is the table “{ $table }”. In the same file there are: { $others }. To take another, go back and send the file with its name.
move-broken = This file cannot be read. Save it once more as CSV or as a spreadsheet (.xlsx).
move-encrypted = This file is kept by a password. Save it without one.
move-old-kind = This is a spreadsheet of the old kind (.xls). Save it as .xlsx or as CSV.
move-too-large = This file is too large. Keep only the list of people in it.
move-macros = There are programs (macros) in this file, which are not taken. Save it as .xlsx without them, or as CSV.
move-formula = The cell { $place } has a formula without a value. Open the file, let it calculate, and save it once more.
move-no-table = There is no table of this name in the file. There are: { $tables }.
move-columns = Which column is what?
move-columns-about = This is a guess. Mend it where it is wrong.
move-column-handle = Short name
move-column-household = Household
move-no-column = none of them
move-look-again = Look again
move-faults = What is wrong
move-faults-about = Mend these lines in your list and send it again. Nobody is brought in before all is right.
move-row = Row { $row } below the heading ({ $cells }):
move-fault-no-name = There is no name.
move-fault-handle-taken = Somebody has this short name already, here or in your list.
move-fault-kind = It is said to be neither a person, a household nor an organisation.
move-acts-for = acts for { $household }
move-and-more = { $count ->
    [one] And one more.
   *[other] And { $count } more.
}
move-do-about = All of them come in at once. Telephone, e-mail and address are seen by stewards until each person chooses otherwise. You can take it back as long as nobody of them has signed in, paid or been paid.
move-do = Bring them in
move-changed = Somebody else changed something in the meantime. Look again.
move-print = Invitations to print
move-print-about = Makes an invitation with a QR code for each person who has not signed in yet, good for { $days } days. Print it, cut it apart, and hand it out.
move-came = has signed in
move-undo = Take it back
move-undo-about = All of them are gone again, with everything that is about them. There is no way back from that.
move-somebody-came = Somebody of them has signed in already. It can be taken back no more; end single memberships instead.
move-book-about = Which of your columns belong here? Where a row is empty, nothing is brought in; where only a limit is empty, it is what newcomers get.
move-rest = The rows add up to { $sum }, but together they have to be zero. The difference goes to an account of the community, which then has as much on the other side.
move-rest-to = The difference goes to
move-rest-choose = Please choose
move-rest-missing = Choose where the difference goes.
move-happened-since = Somebody of them has paid or been paid already. It can be taken back no more.
move-slip = Welcome to { $community }. Open this with the camera of your telephone, or type the address. It is for you alone.
log-moves-bring = { $who } brought in { $thing } people and households from a list.
log-moves-undo = { $who } took back a list of people that had been brought in.

## Acting for somebody
mandates = Who acts for this member
mandates-about = A household or a club acts through its people. Whoever is too young to take part alone acts through a guardian. Whoever has no telephone can be served at a desk.
mandates-none = Nobody else.
mandate-person = Short name of the person
mandate-person-help = This person may then do things in the name of this member.
mandate-right = By what right
mandate-representative = represents it
mandate-guardian = is the guardian
mandate-clerk = serves at a desk
mandate-give = Let this person act
mandate-end = End this
mandate-not-yours = Only who acts for this member already may change this. A steward sets up the first one; a decision of the community can do more.
mandate-invalid = A person acts for somebody else, not for themselves.

## What a community begins with
start-title = What your community begins with
start-lead = Choose what you want now. All of it can be changed, added or taken away later.
start-plugins = What it does
start-plugins-none = No plugin lies on this box yet. Later you find them on the page “Plugins”.
start-late = It is still being made ready for this box. Load this page again in a minute, or bring it in later on the page “Plugins”.
start-asks = It asks for this:
start-bring = Bring in “{ $title }” and allow it this
start-rules = Answer these for a first version of your ground rules. Leave the first line empty to write them another day.
start-copies = Copies, in case the box breaks
start-copies-plan = A locked copy of everything is made every { $hours } hours, in the folder { $folder } of the box; the last { $keep } are kept.
start-copies-same-disk = That folder is on the same disk as the community. Whoever holds the box can name another one; until then, download a copy now and then.
start-copies-key = Show me my key on the next page
start-invite = Your first neighbours
start-invite-uses = How many people may come in by one link?
start-invite-help = The link is good for 14 days, and you can take it back. 0: no link now.
start-begin = Begin
start-later = Not now
start-done = { $community } is at work
start-rules-there = There to read and to print:
start-next = Go on with

join-rules = By coming in you agree to

## Who is under age
born = Year of birth
born-help = Whoever is younger than { $age } takes part here with a guardian. Only you and your guardian see the year.
ward-you = You are younger than { $age }: you can look at everything that is yours, and your guardian does the rest for you. Whoever is to be your guardian asks a steward.
ward-title = Age
ward-is = Younger than { $age }: a guardian acts for this person.
ward-is-not = Nobody said that this person is younger than { $age }.
ward-not-yours = Whoever signs in by herself says her year of birth once. Later her guardian or a decision of the community changes it; a steward does not.
refused-year-invalid = Write the year of birth with four digits.
log-guardians-set-age = { $who } set the age from which somebody acts alone.
log-guardians-set-born = { $who } said in which year { $whom } was born.
own-born = The year of your birth, if you said it

move-out = Download the list as it is now
move-out-about = Everybody who is here, with what you may see of them. The same list can be read in again.

## Several people on one phone
phone-title = People on this phone
phone-about = Who shares a phone opens their own account with a PIN.
phone-lead = Each person has a PIN of their own. It opens their account on this phone alone, until they sign out.
phone-now = Now: { $handle }
phone-lay-aside = Let somebody else use the phone
phone-own-pin = Your PIN on this phone
phone-pin-help = 4 to 8 digits, not all the same and not in a row.
phone-keep-pin = Keep this PIN
phone-pin-of = PIN of { $name }
phone-take-up = Go on as { $name }
phone-pin-first = Choose a PIN of your own first, so that nobody else opens your account.
phone-somebody-else = Sign in as somebody else
phone-forget = Sign the others out of this phone
phone-pin-invalid = This is no PIN: 4 to 8 digits, not all the same and not in a row.
phone-pin-wrong = { $count ->
    [one] This PIN is wrong. One more wrong one, and only the whole way to sign in is left.
   *[other] This PIN is wrong. { $count } tries are left.
}
phone-ended = This person is signed out of the phone now, and comes back by the whole way to sign in.
phone-too-many = Five people rest on this phone already. Sign one of them out first.
