# What mails and text messages say.

mail-hello = Hello,
mail-signature =
    { $brand }
    This message was sent automatically.
mail-signature-unanswered =
    { $brand }
    This message was sent automatically, please do not reply to it.
mail-support = Help: { $phone } ({ $hours }), { $email }

mail-password-link-subject = Choose your password
mail-password-link-text = Somebody asked for a link to choose the password of your account. Open this address:
mail-password-link-button = Choose my password
mail-password-link-until = The link works until { MOMENT($until, $place) }, and only once. If you received several, each works until you have used one.
mail-password-link-else = You did not ask for anything? Do nothing: your password stays as it is.

mail-password-changed-subject = Your password has changed
mail-password-changed-text = The password of your account was changed on { MOMENT($at, $place) }. All open sessions were closed.
mail-password-changed-else = Was it not you? Somebody may be reading your mailbox: change its password first. Then choose a new password for this site, at this address:
mail-password-changed-button = Choose a new password

mail-identifier-sent-subject = A voting identifier has just been sent
mail-identifier-sent-text = For “{ $election }”, a new voting identifier was requested on { MOMENT($at, $place) }. It is leaving by text message for { $number }.
mail-identifier-sent-revokes = The identifier before it, if there was one, no longer works.
mail-identifier-sent-else = Was it not you who requested it? Open this address and confirm: the identifier will be blocked, and no other can be requested in your name.
mail-identifier-sent-button = It was not me

mail-identifier-voided-subject = The text message could not be delivered
mail-identifier-voided-text = For “{ $election }”, the text message to { $number } could not be delivered. The identifier in it is cancelled, and your attempt is given back to you.
mail-identifier-voided-last = For “{ $election }”, the text message to { $number } could not be delivered, like others before it. The identifier in it is cancelled, and we send no more text messages in your name. Call the help desk on { $phone }: they will tell you how to vote.
mail-identifier-voided-number = The operator tells us that this number cannot receive text messages. Check it, or take another one.
mail-identifier-voided-unreachable = The operator tells us that the phone was switched off or out of reach. Switch it on, or take another number.
mail-identifier-voided-ours = It is not your fault: no operator could deliver it in time.
mail-identifier-voided-again = You can start again before { MOMENT($until, $place) } at this address:
mail-identifier-voided-button = Request an identifier
mail-identifier-voided-else = You did not request anything? Contact the help desk: somebody may know your password.

mail-identifier-disavowed-subject = Requests for an identifier in your name are blocked
mail-identifier-disavowed-text = For “{ $election }”, you reported on { MOMENT($at, $place) } a request that was not yours. The identifier that was sent no longer works. Contact the help desk, which will restore your access to the vote, and change your password.
mail-identifier-disavowed-else = Was it not you who reported it? Contact the help desk as well: the link to do so was sent to this mailbox only.

mail-voter-unlocked-subject = Your identity checks count from zero again
mail-voter-unlocked-text = For “{ $election }”, the help desk cleared on { MOMENT($at, $place) } the identity checks that had failed in your name.
mail-voter-corrected-subject = Your identity checks count from zero again
mail-voter-corrected-text = For “{ $election }”, your NUMEN or birthdate was wrong on the electoral roll, and was corrected on { MOMENT($at, $place) }. The identity checks that had failed in your name no longer count.
mail-voter-corrected-else = Does a check fail again? The help desk can tell you what differs from the roll.
mail-voter-unfrozen-subject = Requests for an identifier in your name are open again
mail-voter-unfrozen-text = For “{ $election }”, the help desk reopened on { MOMENT($at, $place) } the requests for an identifier in your name, which a report had blocked. No identifier received before becomes valid again.
mail-address-passed-subject = Your former address is another person’s
mail-address-passed-text = For “{ $election }”, you are on the electoral roll under this address. The one before was given to another person: the password that you had chosen there opens nothing any more, and your sessions were closed.
mail-address-passed-else = If you have no password for this address yet, choose one on this page:
mail-address-passed-button = Choose a password
mail-voter-helped-again = You can request an identifier before { MOMENT($until, $place) } at this address:
mail-voter-helped-button = Request an identifier
mail-voter-helped-else = You did not ask the help desk for help? Contact it: somebody may have passed for you.

sms-identifier =
    { $election }: your voting identifier is
    { $identifier }
    It replaces the one before. Do not give it to anybody.
