# What the host itself says in pages of plugins: its elements, the forms and values that it draws by itself.

language-name = English
element-numbers = Show the numbers
element-of = of
form-between = Write a whole number from { $low } to { $high }.
form-bytes-help = In base64url.
form-choose = Choose …
form-choose-one = Choose one of these.
form-choose-yes-no = Choose yes or no.
form-id = Paste an id: 32 digits and letters from a to f.
form-id-help = An id of 32 digits and letters.
form-letter = Write one letter.
form-missing = Please fill this in.
form-more-rows = More rows
form-new-help = “new” makes a new one.
form-not-negative = Write a whole number, not below zero.
form-not-shown = This takes more than a form can show. Use the command line or the API.
form-number = Write a number, such as 12.5.
form-optional = (optional)
form-part = part
form-party-help = The member's id.
form-stranger = Nothing here is called “{ $name }”.
form-too-large = This is more than one form may hold.
form-too-many = These are too many.
form-unknown-function = This form asks for something that is not there.
form-unreadable = This cannot be read.
form-whole-number = Write a whole number.
form-with = With
value-done = Done.
value-first-rows = only the first rows are shown
value-no = No
value-none = none
value-yes = Yes
month-1 = January
month-2 = February
month-3 = March
month-4 = April
month-5 = May
month-6 = June
month-7 = July
month-8 = August
month-9 = September
month-10 = October
month-11 = November
month-12 = December
date = { $day } { $month } { $year }
relative-now = just now
relative-minutes-ago = { $count ->
    [one] { $count } minute ago
   *[other] { $count } minutes ago
}
relative-minutes-ahead = { $count ->
    [one] in { $count } minute
   *[other] in { $count } minutes
}
relative-hours-ago = { $count ->
    [one] { $count } hour ago
   *[other] { $count } hours ago
}
relative-hours-ahead = { $count ->
    [one] in { $count } hour
   *[other] in { $count } hours
}
relative-days-ago = { $count ->
    [one] yesterday
   *[other] { $count } days ago
}
relative-days-ahead = { $count ->
    [one] tomorrow
   *[other] in { $count } days
}

## Numbers: what is before the fraction, what is between thousands, from how many digits on
number-decimal = .
number-group = ,
number-group-from = 4

## Scanning a code
scan = Scan a code
scan-stop = Stop the camera
scan-other = You can also open a code with your phone's own camera, or type what stands below it.
scan-strange = This code is not of this community.
scan-refused = The camera cannot be used. Open the code with your phone's own camera, or type what stands below it.

## A plugin's own picture, in a frame
frame-asks = The picture above asks for this:
frame-look = Look at it
content-report = Report
content-more = More about this
content-look = What it said
share-text = To pass on
share-send = Share …
share-copy = Copy
share-copied = Copied
share-scan = Scan it with a phone
picture-drop = Take the picture away
