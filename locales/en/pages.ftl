# What pages say.

title-error = Error:
skip = Skip to content
sign-out = Sign out
home-link = Back to the home page
continue = Continue
back-to-sign-in = Back to sign-in
back-to-space = Back to my page
all-required = All fields are required unless stated otherwise.
footer = This site only uses the cookies that it needs. Your vote takes place on another platform.
language-other = Français
errors-title = { $count ->
    [one] One thing to correct
   *[other] { $count } things to correct
}

session-until = Unless you do something, your session ends at { HOUR($until, $place) }.
session-extend = Extend my session
session-unreachable = Your session could not be extended: the line may be down. Try again in a moment.
session-warning = Your session ends in less than five minutes. Extend it to keep what you have typed.
session-ended = Your session has ended. Sign in again to go on; a form that you send now is kept until then.
session-kept = Your session had ended: nothing was sent, and no attempt was counted. What you typed is kept for half an hour. Sign in again: the form awaits you.
cookies-refused = Your browser refuses the cookies of this site: without them it can not recognise you from one page to the next. Allow them, or take another browser. None of them follows you.
step = Step { $now } of { $of }:
step-next = Next:
step-address = Your address
step-mail = The email
step-password = The password
step-sign-in = Sign in
step-identity = Check your identity
step-sms = Receive the text message
pager-label = Pages of the list
pager-page = Page { $page } of { $pages }
pager-previous = Previous page
pager-next = Next page

## Home

home-title = Home
home-heading = Get what you need to vote
home-lead = Sign in with your professional address to receive a new voting identifier by text message.
home-space = Open my voter page
home-first-password = First password, or forgotten password
home-steps-title = Three steps
home-step-sign-in = with your professional address and a password. None yet? A link sent to that address lets you choose one.
home-step-identity = with your own mobile number, your date of birth and your NUMEN. The secretariat of your school knows your NUMEN.
home-step-sms = on your mobile phone, usually within a minute. The page tells you where it is.
home-others-title = Do you help voters?
home-secretariat-title = School secretariat
home-secretariat-text = You know the NUMEN of your staff, and you can help them to find their way.
home-secretariat-link = What you can do
home-administration-title = Election administration
home-administration-text = You import the electoral roll and watch what is sent.
home-administration-link = Where to begin

## Sign-in

sign-in-title = Sign in
sign-in-button = Sign in
sign-in-forgotten = Forgotten password, or first sign-in?
sign-in-other-address = Use another address
sign-in-refused = The address or the password is not right. Check the capital letters, then try again. If you have no password yet, choose “Forgotten password, or first sign-in”.
sign-in-throttled = Too many attempts with this address. Try again after { MOMENT($until, $place) }. You can also choose a new password now, with “Forgotten password”.
email-label = Professional email address
email-hint = Expected format: prenom.nom@ac-academie.fr
email-missing = Enter your professional email address.
email-invalid = This address is not in the expected format, like prenom.nom@ac-academie.fr: without spaces or accents.
password-label = Password
password-show = Show the password
password-hide = Hide the password
password-missing = Enter your password.

waiting-title = One moment, many people are signing in
waiting-text = { $seconds ->
    [one] This page tries again by itself in one second. You have nothing to do.
   *[other] This page tries again by itself in { $seconds } seconds. You have nothing to do.
}
waiting-kept = What you typed is kept. No attempt was counted.
again = Try again now
again-kept = What you typed is kept. You can try again safely: one and the same request counts once only.

## Forgotten password

recovery-title = Choose a new password
recovery-lead = We will send a link to your professional address. It also serves to choose your first password.
recovery-confirm-title = Is this your address?
recovery-confirm-text = A link will be sent to this address, if it belongs to an account.
recovery-confirm-button = Yes, send the link
recovery-confirm-other = Correct the address
recovery-crowded = Many requests are arriving right now, from your network or elsewhere. Copy this code to send yours: your address is kept.
recovery-sent-title = Look in your professional mailbox
recovery-sent-text = If there is an account with this address, an email has just been sent to it. It contains a link that works for { $life }.
life-hours = { $count ->
    [one] one hour
   *[other] { $count } hours
}
life-minutes = { $count ->
    [one] one minute
   *[other] { $count } minutes
}
recovery-sent-delay = The email usually arrives within a few minutes; at busy times it may take fifteen.
recovery-sent-spam = Look in the junk mail, too.
recovery-sent-latest = If you ask for several links, each of them works until you have used one.
recovery-sent-full = If your mailbox is full, make some room in it, then ask for a new link.
recovery-sent-again = I have received nothing: start again
recovery-choose-title = New password
recovery-choose-until = This link works until { MOMENT($until, $place) }, and only once.
recovery-choose-button = Save the password
recovery-changed-title = Your password is saved
recovery-changed-text = You can sign in now. For safety all open sessions were closed, and an email confirms the change.
recovery-expired-title = This link no longer works
recovery-expired-text = If you have just saved a password, all is done: sign in. Otherwise this link or another one was used already, five others were asked for, its time is over, or too many passwords were refused with it. Also check that the address was copied completely.
recovery-expired-again = Ask for a new link

new-password-label = New password
password-again-label = The same, a second time
password-reused = This is your current password: choose another one.
password-again-differs = The two passwords differ. Enter the same one twice.
criteria-title = Your password must:
criteria-advice = Choose another one than for your professional mailbox. You may paste it from a password manager.
criterion-met = done
criteria-told = Criteria met: { $met } of { $all }.
criterion-length = have from { $min } to { $max } characters
criterion-length-unmet = The password is too short or too long.
criterion-lower = have at least one lower-case letter
criterion-lower-unmet = A lower-case letter is missing.
criterion-upper = have at least one capital letter
criterion-upper-unmet = A capital letter is missing.
criterion-digit = have at least one digit
criterion-digit-unmet = A digit is missing.
criterion-symbol = have at least one special character
criterion-symbol-unmet = A special character is missing, such as ! or ?.
criterion-printable = have printable characters only
criterion-printable-unmet = The password holds an invisible character. Type it again.
criterion-uncommon = not be a common password, or easy to guess
criterion-uncommon-unmet = This password is too easy to guess. Choose another one.
criterion-impersonal = contain neither your name nor your address, nor anything that reads like a date of birth or a NUMEN, not even somebody else’s
criterion-impersonal-unmet = The password contains your name, your address, or what reads like a date of birth or a NUMEN, yours or not. Choose another one.

## Voter's page

space-title = My voter page
space-voter = You are on the electoral roll: { $first_names } { $last_name }.
space-window = You can request a new voting identifier from { WHEN($opens, $place) } to { MOMENT($closes, $place) }.
space-identifiers-left = { $count ->
    [0] You have received all the identifiers that you may.
    [one] You may still receive one identifier, of { $most } in all.
   *[other] You may still receive { $count } identifiers, of { $most } in all.
}
space-checks-left = { $count ->
    [0] You have no identity check left.
    [one] You have one identity check left: a wrong NUMEN or date of birth uses it up.
   *[other] You have { $count } identity checks left: a wrong NUMEN or date of birth uses one up.
}
space-ask = Receive a new identifier by text message
space-follow = Follow the last one
space-empty = Your account is on no electoral roll. Ask the secretariat of your school.
mailbox-full = Your professional mailbox is full: it returned our last email. Make some room in it to receive the next ones.
mailbox-unknown = Your professional address refused our last email, as if it did not exist. Tell the secretariat of your school.

issued-none = Nothing was sent to you yet.
issued-title = What was sent to you
issued-at = Requested on
issued-when = { WHEN($at, $place) }
issued-number = For the number
issued-state = Where the text message is
issued-line = Identifier requested on { WHEN($at, $place) }, for { $number }.
issued-queued = The text message is waiting to be sent.
issued-accepted = Text message handed to the operator at { TIME($at, $place) }.
issued-delivered = Text message received by the phone at { TIME($at, $place) }.
issued-revoked = The identifier no longer works.
issued-voided-number = The operator says that this number cannot receive text messages: this identifier is cancelled and your attempt is given back to you. Check the number, or take another one.
issued-voided-unreachable = The operator says that the phone was switched off or out of reach: this identifier is cancelled and your attempt is given back to you.
issued-voided = The text message could not be delivered: this identifier is cancelled and your attempt is given back to you.
issued-voided-last = The text message could not be delivered: this identifier is cancelled.

identifier-title = Receive a new voting identifier
identifier-lead = We check your identity, then we send the identifier by text message. It replaces the one before at once. Your professional mailbox is told.
identifier-button = Receive the identifier by text message
identifier-restored = What you had typed is here. Read it again, enter the security code, then send.
mobile-label = Number of your own mobile phone
mobile-hint = Examples: 06 12 34 56 78, 0690 00 12 34, +687 75 12 34. A number serves one voter only.
mobile-missing = Enter the number of your mobile phone.
mobile-unreadable = This number contains something other than digits. Example: 06 12 34 56 78.
mobile-incomplete = This number is not complete, or has too many digits. Examples: 06 12 34 56 78, +687 75 12 34.
mobile-unassigned = No operator has assigned this number. Check each digit.
mobile-doubtful = This number can be read in more than one way. Choose yours below, so that the text message does not go to somebody else.
mobile-reading-legend = Which number is yours?
reading = { $number }, { $territory ->
    [FR] mainland France
    [GP] Guadeloupe
    [MQ] Martinique
    [GF] French Guiana
    [RE] Réunion
    [YT] Mayotte
    [PM] Saint-Pierre and Miquelon
    [NC] New Caledonia
    [PF] French Polynesia
   *[WF] Wallis and Futuna
}
mobile-not-mobile = This is not a mobile number: it cannot receive text messages. Enter a mobile number.
mobile-elsewhere = This number is from a country or territory that this election does not serve. Enter a French number.
mobile-taken = This number already serves another voter. Enter another number.
birthdate-label = Date of birth
birthdate-hint = In figures, like 3 7 1968 for 3 July 1968
date-day = Day
date-month = Month
date-year = Year
birthdate-missing = Enter the day, the month and the year of your birth.
birthdate-invalid = This date does not exist, is not complete or is not in figures. Enter the day, the month and the year in four digits, like 3 7 1968.
numen-label = NUMEN
numen-hint = 13 characters, like 12E3456789ABC. The secretariat of your school knows it.
numen-missing = Enter your NUMEN. The secretariat of your school can give it to you.
numen-invalid = A NUMEN has 13 characters: two digits, one letter, seven digits and three letters, like 12E3456789ABC.
captcha-legend = Security code
captcha-alt = Five letters or digits, written so that a machine finds them hard to read. The recording that follows says another code, which does as well; and, after the field, a button lets your browser answer for you.
captcha-sound = Can you not read the image? Listen to six digits, spoken in French:
captcha-label = The code
captcha-hint = The five characters of the image, or the six digits of the recording. Capitals and spaces do not matter.
captcha-renew = Another code
captcha-prove = Neither image nor sound: my browser answers for me
captcha-proving = Your browser is calculating. This takes a few seconds, up to half a minute on an old phone.
captcha-proved = Done: the code is filled in. You can go on.
captcha-unproved = The calculation could not begin. Try again.
captcha-neither = Does neither the image nor the sound suit you? Allow JavaScript for this page: your browser will then answer for you. Or contact the support at the foot of this page.
captcha-renewed = Here is another code. What you had typed is kept.
captcha-missing = Enter the code of the image, or the one of the recording.
captcha-wrong = This code is not right, or its half hour is over. Here is another one: enter it.
captcha-spent = This code was answered too often. Here is another one: enter it.
captcha-used = This code was used already. Here is another one: enter it.
request-label = I expressly request to receive my voting identifier on this personal number.
request-missing = Tick this box: without your express request, nothing may be sent to a personal number.

identity-refused = { $count ->
    [one] The check did not succeed: the NUMEN or the date of birth does not match. You have one attempt left. If in doubt, ask the secretariat of your school for your NUMEN.
   *[other] The check did not succeed: the NUMEN or the date of birth does not match. You have { $count } attempts left. If in doubt, ask the secretariat of your school for your NUMEN.
}
phone-taken = { $count ->
    [one] This number already serves another voter. Enter another one: no identity check was counted, and you may change the number once more today.
   *[other] This number already serves another voter. Enter another one: no identity check was counted, and you may change the number { $count } more times today.
}
obstacle-not-open-yet = New identifiers can be requested from { MOMENT($opens, $place) }. Come back then.
obstacle-closed = New identifiers can no longer be requested since { MOMENT($closes, $place) }.
obstacle-has-voted = Your vote is recorded: you no longer need an identifier.
obstacle-frozen = Requests for an identifier in your name are blocked, because you reported one that was not yours. Contact the help desk.
obstacle-limit-reached = { $identifiers ->
    [one] You have received the only identifier that you may: it still works. If you have lost it, contact the help desk.
   *[other] You have received the { $identifiers } identifiers that you may: the last one still works. If you have lost it, contact the help desk.
}
obstacle-locked = { $checks ->
    [one] The identity check failed
   *[other] The identity check failed { $checks } times in a row
}: requests are blocked for safety. The secretariat of your school or the help desk can help you.
obstacle-returns = Too many text messages could not be delivered to you: we send no more in your name. Call the help desk on { $phone }: they will tell you how to vote.
obstacle-requests = You requested too many identifiers today. Try again tomorrow, or call the help desk on { $phone }.
obstacle-phone-tries = Today you tried too many numbers that serve other voters. Try again tomorrow with your own number.

follow-title = Where your identifier is
follow-late-title = Not received yet: here is what you can do
follow-late-phone = Check that the phone is switched on and has a signal. If need be, switch it off and on again.
follow-late-blocked = Look among blocked or unwanted messages: your phone does not know the sender yet.
follow-late-number = Check the last two digits of the number above. If it is not yours, request a new identifier with the right number.
follow-late-end = { $minutes ->
    [one] If no operator takes it within one minute, the identifier is cancelled, your attempt is given back to you, and an email tells you.
   *[other] If no operator takes it within { $minutes } minutes, the identifier is cancelled, your attempt is given back to you, and an email tells you.
}
follow-advice = A text message usually takes less than a minute. This page updates itself: keep it open, or come back to it from your page. The identifier is never shown here.

support-title = Need help?
support-reach = The help desk answers you:
support-help = Answers to the most frequent questions
support-hours = { $hours }, Paris time

## Help

help-title = How to get help
help-lead = What voters ask most often.
help-mail-title = I have not received the email
help-mail-wait = Wait fifteen minutes: at busy times an email may take that long.
help-mail-spam = Look in the junk mail.
help-mail-address = Check the address: your professional address is on the electoral roll, not a private one.
help-mail-again = Then ask for a new link. If you receive several, each works until you have used one.
help-full-title = My professional mailbox is full
help-full-text = Delete some emails and empty the bin, then ask for a new link.
help-numen-title = I do not know my NUMEN
help-numen-text = Ask the secretariat of your school: it knows it. This site never shows it, and never asks for it by email or by phone.
help-number-title = My number already serves another voter
help-number-text = A mobile number serves one voter only in each election. If you share this phone, take another number. If nobody else uses it, contact the help desk.
help-sms-title = I have not received the text message
help-sms-follow = Sign in and choose “Follow the last one”: the page says where the text message is, and what you can do.
help-sms-failed = A text message that could not be delivered costs you nothing: your attempt is given back to you, and an email tells you.
help-no-mobile-title = I have no mobile phone
help-no-mobile-text = Contact the help desk: it will tell you how to vote.
help-locked-title = The identity check failed several times
help-locked-text = For safety it is blocked after a few errors in a row. Check your NUMEN with the secretariat of your school, then contact the help desk.
help-captcha-title = I can not read the security code
help-captcha-text = Ask for “Another code” as often as you need: what you have typed is kept. You can also listen to the code, or let your browser answer for you.
help-contents = On this page
help-secretariat-title = You are the secretariat of a school
help-secretariat-numen = You know the NUMEN of your staff. Give it to its owner, by word of mouth or in their hand, never by email.
help-secretariat-address = Check with them their professional address: it is the one on the electoral roll.
help-secretariat-never = Never ask anybody for their password, nor for the identifier that they received, and do not make the request in their place: it is personal.
help-administration-title = You administer the election
help-administration-text = The electoral roll is imported, and what is sent is watched, on the machine that hosts this site. Its documentation describes each command.

## It was not me

disavow-title = You did not request this identifier?
disavow-text = If you confirm, the identifier sent for “{ $election }” stops working, and no other can be requested in your name without the help desk.
disavow-button = It was not me: block everything
disavow-else = If it was you who requested it, simply close this page.
disavow-done-title = Requests in your name are blocked
disavow-done-text = The identifier sent for “{ $election }” no longer works. Contact the help desk, which will restore your access to the vote, and change your password.
disavow-gone-title = This link does not work
disavow-gone-text = It was probably not copied in full. Copy it again from the email.

## Errors

error-401-title = Your session has ended
error-401-text = You were signed out, or too much time has passed. Nothing was saved and no attempt was counted. Sign in again to go on.
error-403-title = This request does not come from this site
error-403-text = For safety it was not taken into account. Open the page from this site, then start again.
error-404-title = There is no such page
error-404-text = The address may be incomplete, or the page has moved.
error-408-title = The form did not arrive in full
error-408-text = Your connection is slow or was interrupted. Nothing was saved and no attempt was counted. Go back to the page before, then send it again.
error-422-title = The form could not be read
error-422-text = Nothing was saved. Go back to the page before, then start again.
error-429-title = Too many requests at once
error-429-text = Many forms have just been sent from your network. Wait a minute, then try again: nothing was counted.
error-500-title = The portal has a problem
error-500-text = It is not your fault, and no identity check was counted. Try again in a few minutes.
error-503-title = The portal is not available right now
error-503-text = It is not your fault. Try again in a moment.

## Demonstration

demo = Demonstration
demo-strip = Demonstration: the voters are fictional and nothing is sent.
demo-strip-messages = See the captured messages
demo-strip-parts = See the parts
guide-title = The way, step by step
guide-lead = Take the place of this fictional voter:
guide-1 = Ask for a link for this address
guide-2 = Open the captured email and choose a password
guide-3 = Sign in and request a voting identifier
guide-4 = Read the captured text message
guide-others = The other fictional voters are in { $file }.
demo-messages-title = Captured messages
demo-messages-lead = The emails and text messages that the demonstration would have sent, latest first.
demo-messages-none = No message yet.
demo-sms = Text message
demo-parts-title = Parts
demo-parts-lead = Each part that pages are made of, in each of its states.
demo-parts-steps = Steps
demo-parts-alerts = Announcements
demo-parts-fields = Fields, errors and buttons
demo-parts-tables = Summary, table and pages
