# What the site owes to say of itself.

about-title = About this site

legal-title = Legal notice
legal-missing = Not stated by the organiser of the election.
legal-publisher = Who publishes this site
legal-director = Director of publication
legal-host = Hosting
legal-what = What it is for
legal-what-text = This site lets voters on the roll recover a password and receive a new voting identifier. The vote takes place on another platform.

data-title = Personal data
data-lead = This site only keeps what it needs to recognise a voter, and to prove what was sent to them.
data-who = Who is responsible
data-what = What is kept
data-roll = From the electoral roll: your names, your professional address, your school, your académie and your ballots.
data-secrets = Of your NUMEN, your date of birth, your password and your voting identifier: only a digest, which lets what you type be checked but never read again.
data-phone = Of your mobile number: a digest, its last two digits, and the date of your express request to receive the identifier on it.
data-messages = Of messages: when they were requested, sent and received, and whether your mailbox refused them. Their content is erased once they have left.
data-why = Why
data-why-text = To organise the election and guarantee that it is fair, and to be able to answer for each message before the electoral board and the CNIL, the French data protection authority.
data-given = Who receives it
data-given-text = The text message, with your number, goes through the operator that carries it, and emails through your professional mailbox. The voting platform receives the digest of the identifiers, without any name. If you contest a message, or if your mailbox refuses our emails, the support or the secretariat of your school learns your name and address, to reach you.
data-rights = Your rights
data-rights-text = You can ask to see your data, to have them corrected, to have their use restricted, and how long they are kept. Whom to ask:
data-rights-cnil = If the answer does not satisfy you, you can turn to the CNIL.

cookies-title = Cookies of this site
cookies-lead = This site only uses cookies that it needs: without them it could not recognise you from one page to the next. So you are not asked to agree. None of them measures or follows you.
cookies-name = Name
cookies-what = What it is for
cookies-life = How long
cookies-session = Your being signed in
cookies-session-life = Until the browser is closed or the session ends
cookies-address = The address that you have just typed, for the next page
cookies-address-life = Thirty minutes
cookies-browser = To recognise the browser on which you signed in before, so that attempts made elsewhere do not lock you out
cookies-browser-life = Sixty days
cookies-language = The language that you chose
cookies-language-life = Sixty days
cookies-held = What you typed, encrypted, while it waits for its turn at busy times
cookies-held-life = One minute
cookies-form = Your form, encrypted, until it is accepted
cookies-form-life = Thirty minutes
cookies-others = Only this site can read these cookies.

accessibility-link = Accessibility: not compliant
accessibility-title = Accessibility statement
accessibility-lead = This site wants to be the same for everybody, with a screen reader, with a keyboard, on a phone or with a magnifier.
accessibility-state = Compliance status
accessibility-state-text = No independent audit against the RGAA 4.1 has taken place yet. Under French law the site is therefore declared not compliant until that audit.
accessibility-done = What is checked with each version
accessibility-done-script = All pages work without JavaScript, and an automatic tool (axe-core) finds no breach of the WCAG 2.1 AA rules that it can check, with errors shown, too, in light and in dark, in French and in English.
accessibility-done-keyboard = The whole path can be gone with the keyboard alone.
accessibility-done-zoom = At a width of 320 pixels, as with a zoom of 400%, nothing has to be scrolled sideways.
accessibility-done-captcha = The security code can be read, listened to, or proved without seeing or hearing.
accessibility-done-time = The end of a session is announced, can be put off, and loses nothing of what was typed.
accessibility-limits = What we know to be imperfect
accessibility-limits-sound = The code to listen to is spoken in French only.
accessibility-limits-proof = The proof by the browser needs JavaScript.
accessibility-contact = Report a difficulty
accessibility-contact-text = If a page resists you, contact the support at the foot of each page: it will give you another way on, and we will mend the page.
accessibility-recourse = Recourse
accessibility-recourse-text = If you report a lack of accessibility and the answer does not satisfy you, you can turn to the Défenseur des droits:
