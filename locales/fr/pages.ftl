# Ce que les pages disent.

title-error = Erreur :
skip = Aller au contenu
sign-out = Se déconnecter
home-link = Retour à l’accueil
continue = Continuer
back-to-sign-in = Revenir à la connexion
back-to-space = Revenir à mon espace
all-required = Sauf mention contraire, tous les champs sont obligatoires.
footer = Ce site n’utilise que les cookies nécessaires. Votre vote a lieu sur une autre plateforme.
language-other = English
errors-title = { $count ->
    [one] Un point est à corriger
   *[other] { $count } points sont à corriger
}

session-until = Sans action de votre part, votre session se termine à { HOUR($until, $place) }.
session-extend = Prolonger ma session
session-unreachable = Votre session n’a pas pu être prolongée : la ligne est peut-être coupée. Réessayez dans un instant.
session-warning = Votre session se termine dans moins de cinq minutes. Prolongez-la pour garder ce que vous avez saisi.
session-ended = Votre session est terminée. Reconnectez-vous pour continuer ; un formulaire que vous envoyez maintenant est gardé jusque-là.
session-kept = Votre session était terminée : rien n’a été envoyé, et aucun essai n’a été compté. Ce que vous avez saisi est gardé une demi-heure. Reconnectez-vous : le formulaire vous attend.
cookies-refused = Votre navigateur refuse les cookies de ce site : sans eux, il ne peut pas vous reconnaître d’une page à l’autre. Autorisez-les, ou prenez un autre navigateur. Aucun ne sert à vous suivre.
step = Étape { $now } sur { $of } :
step-next = Ensuite :
step-address = Votre adresse
step-mail = Le courriel
step-password = Le mot de passe
step-sign-in = Se connecter
step-identity = Vérifier votre identité
step-sms = Recevoir le SMS
pager-label = Pages de la liste
pager-page = Page { $page } sur { $pages }
pager-previous = Page précédente
pager-next = Page suivante

## Accueil

home-title = Accueil
home-heading = Obtenir de quoi voter
home-lead = Connectez-vous avec votre adresse professionnelle pour recevoir, par SMS, un nouvel identifiant de vote.
home-space = Ouvrir mon espace électeur
home-first-password = Premier mot de passe ou mot de passe oublié
home-steps-title = Trois étapes
home-step-sign-in = avec votre adresse professionnelle et un mot de passe. Vous n’en avez pas encore ? Un lien envoyé à cette adresse permet de le choisir.
home-step-identity = avec votre numéro de mobile personnel, votre date de naissance et votre NUMEN. Le secrétariat de votre établissement connaît votre NUMEN.
home-step-sms = sur votre mobile, d’ordinaire en moins d’une minute. La page vous dit où il en est.
home-others-title = Vous accompagnez des électeurs ?
home-secretariat-title = Secrétariat d’établissement
home-secretariat-text = Vous connaissez le NUMEN de vos agents, et vous pouvez les aider à s’y retrouver.
home-secretariat-link = Ce que vous pouvez faire
home-administration-title = Administration de l’élection
home-administration-text = Vous importez la liste électorale et vous suivez les envois.
home-administration-link = Par où commencer

## Connexion

sign-in-title = Se connecter
sign-in-button = Se connecter
sign-in-forgotten = Mot de passe oublié, ou première connexion ?
sign-in-other-address = Utiliser une autre adresse
sign-in-refused = L’adresse ou le mot de passe ne convient pas. Vérifiez les majuscules, puis réessayez. Si vous n’avez pas encore de mot de passe, choisissez « Mot de passe oublié, ou première connexion ».
sign-in-throttled = Trop d’essais sans succès avec cette adresse. Réessayez après le { MOMENT($until, $place) }. Vous pouvez aussi choisir un nouveau mot de passe dès maintenant, avec « Mot de passe oublié ».
email-label = Adresse électronique professionnelle
email-hint = Format attendu : prenom.nom@ac-academie.fr
email-missing = Saisissez votre adresse électronique professionnelle.
email-invalid = Cette adresse n’est pas au format attendu, comme prenom.nom@ac-academie.fr : sans espace ni accent.
password-label = Mot de passe
password-show = Afficher le mot de passe
password-hide = Masquer le mot de passe
password-missing = Saisissez votre mot de passe.

waiting-title = Un instant, beaucoup de personnes se connectent
waiting-text = { $seconds ->
    [one] Cette page réessaie toute seule dans une seconde. Vous n’avez rien à faire.
   *[other] Cette page réessaie toute seule dans { $seconds } secondes. Vous n’avez rien à faire.
}
waiting-kept = Ce que vous avez saisi est gardé. Aucun essai n’a été compté.
again = Réessayer maintenant
again-kept = Ce que vous avez saisi est gardé. Vous pouvez réessayer sans crainte : une même demande n’est comptée qu’une fois.

## Mot de passe oublié

recovery-title = Choisir un nouveau mot de passe
recovery-lead = Nous vous enverrons un lien à votre adresse professionnelle. Il sert aussi à choisir votre premier mot de passe.
recovery-confirm-title = Est-ce bien votre adresse ?
recovery-confirm-text = Un lien va être envoyé à cette adresse, si elle correspond à un compte.
recovery-confirm-button = Oui, envoyer le lien
recovery-confirm-other = Corriger l’adresse
recovery-crowded = Beaucoup de demandes arrivent en ce moment, de votre réseau ou d’ailleurs. Copiez ce code pour envoyer la vôtre : votre adresse est gardée.
recovery-sent-title = Consultez votre messagerie professionnelle
recovery-sent-text = Si un compte existe à cette adresse, un courriel vient de lui être envoyé. Il contient un lien valable { $life }.
life-hours = { $count ->
    [one] une heure
   *[other] { $count } heures
}
life-minutes = { $count ->
    [one] une minute
   *[other] { $count } minutes
}
recovery-sent-delay = Le courriel arrive d’ordinaire en quelques minutes ; aux heures d’affluence, il peut en mettre quinze.
recovery-sent-spam = Regardez aussi dans les courriers indésirables.
recovery-sent-latest = Si vous demandez plusieurs liens, chacun fonctionne, jusqu’à ce que vous en utilisiez un.
recovery-sent-full = Si votre boîte est pleine, faites-y de la place, puis demandez un nouveau lien.
recovery-sent-again = Je n’ai rien reçu : recommencer
recovery-choose-title = Nouveau mot de passe
recovery-choose-until = Ce lien est valable jusqu’au { MOMENT($until, $place) } et ne sert qu’une fois.
recovery-choose-button = Enregistrer le mot de passe
recovery-changed-title = Votre mot de passe est enregistré
recovery-changed-text = Vous pouvez maintenant vous connecter. Par sécurité, toutes les sessions ouvertes ont été fermées, et un courriel vous confirme ce changement.
recovery-expired-title = Ce lien ne fonctionne plus
recovery-expired-text = Si vous venez d’enregistrer un mot de passe, c’est fait : connectez-vous. Sinon, ce lien ou un autre a déjà servi, cinq autres ont été demandés, son délai est passé, ou trop de mots de passe y ont été refusés. Vérifiez aussi que l’adresse a été copiée en entier.
recovery-expired-again = Demander un nouveau lien

new-password-label = Nouveau mot de passe
password-again-label = Le même, une seconde fois
password-reused = C’est votre mot de passe actuel : choisissez-en un autre.
password-again-differs = Les deux mots de passe sont différents. Saisissez deux fois le même.
criteria-title = Votre mot de passe doit :
criteria-advice = Choisissez-en un autre que celui de votre messagerie professionnelle. Vous pouvez le coller depuis un gestionnaire de mots de passe.
criterion-met = c’est fait
criteria-told = Critères remplis : { $met } sur { $all }.
criterion-length = contenir de { $min } à { $max } caractères
criterion-length-unmet = Le mot de passe est trop court ou trop long.
criterion-lower = contenir au moins une lettre minuscule
criterion-lower-unmet = Il manque une lettre minuscule.
criterion-upper = contenir au moins une lettre majuscule
criterion-upper-unmet = Il manque une lettre majuscule.
criterion-digit = contenir au moins un chiffre
criterion-digit-unmet = Il manque un chiffre.
criterion-symbol = contenir au moins un caractère spécial
criterion-symbol-unmet = Il manque un caractère spécial, comme ! ou ?.
criterion-printable = ne contenir que des caractères imprimables
criterion-printable-unmet = Le mot de passe contient un caractère invisible. Saisissez-le à nouveau.
criterion-uncommon = ne pas être un mot de passe courant ou facile à deviner
criterion-uncommon-unmet = Ce mot de passe est trop facile à deviner. Choisissez-en un autre.
criterion-impersonal = ne contenir ni votre nom, ni votre adresse, ni rien qui se lise comme une date de naissance ou un NUMEN, même ceux de quelqu’un d’autre
criterion-impersonal-unmet = Le mot de passe contient votre nom, votre adresse, ou ce qui se lit comme une date de naissance ou un NUMEN, les vôtres ou non. Choisissez-en un autre.

## Espace électeur

space-title = Mon espace électeur
space-voter = Vous êtes inscrit sur la liste électorale : { $first_names } { $last_name }.
space-window = Vous pouvez demander un nouvel identifiant de vote du { WHEN($opens, $place) } au { MOMENT($closes, $place) }.
space-identifiers-left = { $count ->
    [0] Vous avez reçu tous les identifiants possibles.
    [one] Vous pouvez encore recevoir un identifiant, sur { $most } en tout.
   *[other] Vous pouvez encore recevoir { $count } identifiants, sur { $most } en tout.
}
space-checks-left = { $count ->
    [0] Il ne vous reste plus d’essai de vérification.
    [one] Il vous reste un essai de vérification : une erreur de NUMEN ou de date de naissance le consomme.
   *[other] Il vous reste { $count } essais de vérification : une erreur de NUMEN ou de date de naissance en consomme un.
}
space-ask = Recevoir un nouvel identifiant par SMS
space-follow = Suivre le dernier envoi
space-empty = Votre compte n’est inscrit sur aucune liste électorale. Adressez-vous au secrétariat de votre établissement.
mailbox-full = Votre boîte aux lettres professionnelle est pleine : elle a renvoyé notre dernier courriel. Faites-y de la place pour recevoir les suivants.
mailbox-unknown = Votre adresse professionnelle a refusé notre dernier courriel, comme si elle n’existait pas. Signalez-le au secrétariat de votre établissement.

issued-none = Rien ne vous a encore été envoyé.
issued-title = Ce qui vous a été envoyé
issued-at = Demandé le
issued-when = { WHEN($at, $place) }
issued-number = Au numéro
issued-state = Où en est le SMS
issued-line = Identifiant demandé le { WHEN($at, $place) }, au { $number }.
issued-queued = Le SMS est en attente d’envoi.
issued-accepted = SMS remis à l’opérateur à { TIME($at, $place) }.
issued-delivered = SMS reçu par le téléphone à { TIME($at, $place) }.
issued-revoked = L’identifiant ne fonctionne plus.
issued-voided-number = L’opérateur dit que ce numéro ne peut pas recevoir de SMS : cet identifiant est annulé et votre essai vous est rendu. Vérifiez le numéro, ou prenez-en un autre.
issued-voided-unreachable = L’opérateur dit que le téléphone était éteint ou hors de portée : cet identifiant est annulé et votre essai vous est rendu.
issued-voided = Le SMS n’a pas pu être remis : cet identifiant est annulé et votre essai vous est rendu.
issued-voided-last = Le SMS n’a pas pu être remis : cet identifiant est annulé.

identifier-title = Recevoir un nouvel identifiant de vote
identifier-lead = Nous vérifions votre identité, puis nous envoyons l’identifiant par SMS. Il remplace aussitôt le précédent. Votre messagerie professionnelle en est informée.
identifier-button = Recevoir l’identifiant par SMS
identifier-restored = Ce que vous aviez saisi est là. Relisez, saisissez le code de sécurité, puis envoyez.
mobile-label = Numéro de téléphone mobile personnel
mobile-hint = Exemples : 06 12 34 56 78, 0690 00 12 34, +687 75 12 34. Un numéro ne sert qu’à un seul électeur.
mobile-missing = Saisissez votre numéro de téléphone mobile.
mobile-unreadable = Ce numéro contient autre chose que des chiffres. Exemple : 06 12 34 56 78.
mobile-incomplete = Ce numéro n’est pas complet, ou il a trop de chiffres. Exemples : 06 12 34 56 78, +687 75 12 34.
mobile-unassigned = Ce numéro n’est attribué par aucun opérateur. Vérifiez chaque chiffre.
mobile-doubtful = Ce numéro peut se lire de plusieurs façons. Choisissez le vôtre ci-dessous, pour que le SMS ne parte pas chez quelqu’un d’autre.
mobile-reading-legend = Quel est votre numéro ?
reading = { $number }, { $territory ->
    [FR] France métropolitaine
    [GP] Guadeloupe
    [MQ] Martinique
    [GF] Guyane
    [RE] La Réunion
    [YT] Mayotte
    [PM] Saint-Pierre-et-Miquelon
    [NC] Nouvelle-Calédonie
    [PF] Polynésie française
   *[WF] Wallis-et-Futuna
}
mobile-not-mobile = Ce numéro n’est pas celui d’un mobile : il ne peut pas recevoir de SMS. Saisissez un numéro de mobile.
mobile-elsewhere = Ce numéro vient d’un pays ou d’un territoire qui n’est pas desservi pour cette élection. Saisissez un numéro français.
mobile-taken = Ce numéro sert déjà à un autre électeur. Saisissez un autre numéro.
birthdate-label = Date de naissance
birthdate-hint = En chiffres, comme 3 7 1968 pour le 3 juillet 1968
date-day = Jour
date-month = Mois
date-year = Année
birthdate-missing = Saisissez le jour, le mois et l’année de votre naissance.
birthdate-invalid = Cette date n’existe pas, n’est pas complète ou n’est pas en chiffres. Saisissez le jour, le mois et l’année à quatre chiffres, comme 3 7 1968.
numen-label = NUMEN
numen-hint = 13 caractères, comme 12E3456789ABC. Le secrétariat de votre établissement le connaît.
numen-missing = Saisissez votre NUMEN. Le secrétariat de votre établissement peut vous le donner.
numen-invalid = Un NUMEN compte 13 caractères : deux chiffres, une lettre, sept chiffres et trois lettres, comme 12E3456789ABC.
captcha-legend = Code de sécurité
captcha-alt = Cinq lettres ou chiffres, écrits pour être difficiles à lire par une machine. L’enregistrement qui suit dit un autre code, qui convient aussi ; et, après le champ, un bouton laisse votre navigateur répondre à votre place.
captcha-sound = Vous ne lisez pas l’image ? Écoutez six chiffres, dits en français :
captcha-label = Le code
captcha-hint = Les cinq caractères de l’image ou les six chiffres de l’enregistrement. Majuscules et espaces ne comptent pas.
captcha-renew = Un autre code
captcha-prove = Ni image ni son : mon navigateur répond à ma place
captcha-proving = Votre navigateur calcule. Cela prend quelques secondes, jusqu’à une demi-minute sur un vieux téléphone.
captcha-proved = C’est fait : le code est rempli. Vous pouvez continuer.
captcha-unproved = Le calcul n’a pas pu commencer. Réessayez.
captcha-neither = Ni l’image ni le son ne vous conviennent ? Autorisez JavaScript pour cette page : votre navigateur saura répondre à votre place. Ou contactez l’assistance, en bas de cette page.
captcha-renewed = Voici un autre code. Ce que vous aviez saisi est gardé.
captcha-missing = Saisissez le code de l’image ou celui de l’enregistrement.
captcha-wrong = Ce code n’est pas le bon, ou son délai d’une demi-heure est passé. En voici un autre : saisissez-le.
captcha-spent = Ce code a reçu trop de réponses. En voici un autre : saisissez-le.
captcha-used = Ce code a déjà servi. En voici un autre : saisissez-le.
request-label = Je demande expressément à recevoir mon identifiant de vote sur ce numéro personnel.
request-missing = Cochez cette case : sans votre demande expresse, rien ne peut être envoyé sur un numéro personnel.

identity-refused = { $count ->
    [one] La vérification n’a pas abouti : le NUMEN ou la date de naissance ne correspond pas. Il vous reste un essai. En cas de doute, demandez votre NUMEN au secrétariat de votre établissement.
   *[other] La vérification n’a pas abouti : le NUMEN ou la date de naissance ne correspond pas. Il vous reste { $count } essais. En cas de doute, demandez votre NUMEN au secrétariat de votre établissement.
}
phone-taken = { $count ->
    [one] Ce numéro sert déjà à un autre électeur. Saisissez-en un autre : aucun essai de vérification n’a été compté, et vous pouvez encore changer de numéro une fois aujourd’hui.
   *[other] Ce numéro sert déjà à un autre électeur. Saisissez-en un autre : aucun essai de vérification n’a été compté, et vous pouvez encore changer de numéro { $count } fois aujourd’hui.
}
obstacle-not-open-yet = La demande d’un nouvel identifiant ouvre le { MOMENT($opens, $place) }. Revenez à ce moment-là.
obstacle-closed = La demande d’un nouvel identifiant est close depuis le { MOMENT($closes, $place) }.
obstacle-has-voted = Votre vote est enregistré : vous n’avez plus besoin d’identifiant.
obstacle-frozen = Les demandes d’identifiant à votre nom sont bloquées, parce que vous avez signalé une demande qui ne venait pas de vous. Contactez l’assistance.
obstacle-limit-reached = { $identifiers ->
    [one] Vous avez reçu l’unique identifiant possible : il reste valable. Si vous l’avez perdu, contactez l’assistance.
   *[other] Vous avez reçu les { $identifiers } identifiants possibles : le dernier reçu reste valable. Si vous l’avez perdu, contactez l’assistance.
}
obstacle-locked = { $checks ->
    [one] La vérification a échoué
   *[other] La vérification a échoué { $checks } fois de suite
} : la demande est bloquée par sécurité. Le secrétariat de votre établissement ou l’assistance peut vous aider.
obstacle-returns = Trop de SMS n’ont pas pu vous être remis : nous n’en envoyons plus à votre nom. Appelez l’assistance au { $phone } : elle vous dira comment voter.
obstacle-requests = Vous avez demandé trop d’identifiants aujourd’hui. Réessayez demain, ou appelez l’assistance au { $phone }.
obstacle-phone-tries = Vous avez essayé aujourd’hui trop de numéros qui servent à d’autres électeurs. Réessayez demain avec votre propre numéro.

follow-title = Où en est votre identifiant
follow-late-title = Pas encore reçu : voici ce que vous pouvez faire
follow-late-phone = Vérifiez que le téléphone est allumé et qu’il capte le réseau. Au besoin, éteignez-le puis rallumez-le.
follow-late-blocked = Regardez parmi les messages bloqués ou indésirables : vous ne connaissez pas encore l’expéditeur.
follow-late-number = Vérifiez les deux derniers chiffres du numéro, ci-dessus. Si ce n’est pas le vôtre, demandez un nouvel identifiant avec le bon numéro.
follow-late-end = { $minutes ->
    [one] Si aucun opérateur ne le prend en une minute, l’identifiant est annulé, votre essai vous est rendu, et un courriel vous le dit.
   *[other] Si aucun opérateur ne le prend en { $minutes } minutes, l’identifiant est annulé, votre essai vous est rendu, et un courriel vous le dit.
}
follow-advice = Un SMS met d’ordinaire moins d’une minute. Cette page se met à jour toute seule : gardez-la ouverte, ou revenez-y depuis votre espace. L’identifiant n’est jamais affiché ici.

support-title = Besoin d’aide ?
support-reach = L’assistance vous répond :
support-help = Les réponses aux questions les plus fréquentes
support-hours = { $hours }, heure de Paris

## Aide

help-title = Aide
help-lead = Ce que les électeurs demandent le plus souvent.
help-mail-title = Je n’ai pas reçu le courriel
help-mail-wait = Attendez quinze minutes : aux heures d’affluence, un courriel peut mettre ce temps.
help-mail-spam = Regardez dans les courriers indésirables.
help-mail-address = Vérifiez l’adresse : c’est votre adresse professionnelle qui est sur la liste électorale, pas une adresse personnelle.
help-mail-again = Demandez alors un nouveau lien. Si vous en recevez plusieurs, chacun fonctionne jusqu’à ce que vous en utilisiez un.
help-full-title = Ma boîte professionnelle est pleine
help-full-text = Supprimez des courriels et videz la corbeille, puis demandez un nouveau lien.
help-numen-title = Je ne connais pas mon NUMEN
help-numen-text = Demandez-le au secrétariat de votre établissement : il le connaît. Ce site ne l’affiche jamais, et ne le demande jamais par courriel ni par téléphone.
help-number-title = Mon numéro sert déjà à un autre électeur
help-number-text = Un numéro de mobile ne sert qu’à un seul électeur par élection. Si vous partagez ce téléphone, prenez un autre numéro. Si vous êtes seul à l’utiliser, contactez l’assistance.
help-sms-title = Je n’ai pas reçu le SMS
help-sms-follow = Connectez-vous et choisissez « Suivre le dernier envoi » : la page dit où est le SMS, et ce que vous pouvez faire.
help-sms-failed = Un SMS qui n’a pas pu être remis ne vous coûte rien : votre essai vous est rendu, et un courriel vous le dit.
help-no-mobile-title = Je n’ai pas de téléphone mobile
help-no-mobile-text = Contactez l’assistance : elle vous dira comment voter.
help-locked-title = La vérification a échoué plusieurs fois
help-locked-text = Par sécurité, elle se bloque après quelques erreurs de suite. Vérifiez votre NUMEN auprès du secrétariat de votre établissement, puis contactez l’assistance.
help-captcha-title = Je n’arrive pas à lire le code de sécurité
help-captcha-text = Demandez « Un autre code », autant de fois qu’il le faut : ce que vous avez saisi est gardé. Vous pouvez aussi écouter le code, ou laisser votre navigateur répondre à votre place.
help-contents = Sur cette page
help-secretariat-title = Vous êtes un secrétariat d’établissement
help-secretariat-numen = Vous connaissez le NUMEN de vos agents. Donnez-le à l’agent lui-même, de vive voix ou en main propre, jamais par courriel.
help-secretariat-address = Vérifiez avec l’agent son adresse professionnelle : c’est elle qui est sur la liste électorale.
help-secretariat-never = Ne demandez jamais à un agent son mot de passe, ni l’identifiant reçu par SMS, et ne faites pas la demande à sa place : elle est personnelle.
help-administration-title = Vous administrez l’élection
help-administration-text = La liste électorale s’importe et les envois se suivent sur la machine qui héberge ce site. Sa documentation décrit chaque commande.

## Ce n’est pas moi

disavow-title = Vous n’avez pas demandé cet identifiant ?
disavow-text = Si vous confirmez, l’identifiant envoyé pour « { $election } » cessera de fonctionner, et aucun autre ne pourra être demandé à votre nom sans l’assistance.
disavow-button = Ce n’est pas moi : tout bloquer
disavow-else = Si c’est bien vous qui l’avez demandé, fermez simplement cette page.
disavow-done-title = Les demandes à votre nom sont bloquées
disavow-done-text = L’identifiant envoyé pour « { $election } » ne fonctionne plus. Contactez l’assistance, qui rétablira votre accès au vote, et changez votre mot de passe.
disavow-gone-title = Ce lien ne fonctionne plus
disavow-gone-text = Il n’a sans doute pas été copié en entier. Copiez-le de nouveau depuis le courriel.

## Erreurs

error-401-title = Votre session est terminée
error-401-text = Vous avez été déconnecté, ou trop de temps a passé. Rien n’a été enregistré et aucun essai n’a été compté. Reconnectez-vous pour continuer.
error-403-title = Cette demande ne vient pas de ce site
error-403-text = Par sécurité, elle n’a pas été prise en compte. Ouvrez la page depuis ce site, puis recommencez.
error-404-title = Cette page n’existe pas
error-404-text = L’adresse est peut-être incomplète, ou la page a changé de place.
error-408-title = Le formulaire n’est pas arrivé en entier
error-408-text = Votre connexion est lente ou s’est interrompue. Rien n’a été enregistré et aucun essai n’a été compté. Revenez à la page précédente, puis envoyez-le de nouveau.
error-422-title = Le formulaire n’a pas pu être lu
error-422-text = Rien n’a été enregistré. Revenez à la page précédente, puis recommencez.
error-429-title = Trop de demandes à la fois
error-429-text = Beaucoup de formulaires viennent d’être envoyés depuis votre réseau. Patientez une minute, puis réessayez : rien n’a été compté.
error-500-title = Le portail rencontre un problème
error-500-text = Ce n’est pas de votre fait, et aucun essai de vérification n’a été compté. Réessayez dans quelques minutes.
error-503-title = Le portail est indisponible pour le moment
error-503-text = Ce n’est pas de votre fait. Réessayez dans quelques instants.

## Démonstration

demo = Démonstration
demo-strip = Démonstration : les électeurs sont fictifs et rien n’est envoyé.
demo-strip-messages = Voir les messages capturés
demo-strip-parts = Voir les composants
guide-title = Le parcours, pas à pas
guide-lead = Prenez la place de cette électrice ou de cet électeur fictif :
guide-1 = Demandez un lien pour son adresse
guide-2 = Ouvrez le courriel capturé et choisissez un mot de passe
guide-3 = Connectez-vous et demandez un identifiant de vote
guide-4 = Lisez le SMS capturé
guide-others = Les autres électeurs fictifs sont dans { $file }.
demo-messages-title = Messages capturés
demo-messages-lead = Les courriels et les SMS que la démonstration aurait envoyés, du plus récent au plus ancien.
demo-messages-none = Aucun message pour l’instant.
demo-sms = SMS
demo-parts-title = Composants
demo-parts-lead = Chaque partie dont les pages sont faites, dans chacun de ses états.
demo-parts-steps = Étapes
demo-parts-alerts = Annonces
demo-parts-fields = Champs, erreurs et boutons
demo-parts-tables = Récapitulatif, tableau et pages
