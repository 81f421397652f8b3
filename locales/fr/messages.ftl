# Ce que les courriels et les SMS disent.

mail-hello = Bonjour,
mail-signature =
    { $brand }
    Ce message est envoyé automatiquement.
mail-signature-unanswered =
    { $brand }
    Ce message est envoyé automatiquement, merci de ne pas y répondre.
mail-support = Assistance : { $phone } ({ $hours }), { $email }

mail-password-link-subject = Choisissez votre mot de passe
mail-password-link-text = Un lien a été demandé pour choisir le mot de passe de votre compte. Ouvrez cette adresse :
mail-password-link-button = Choisir mon mot de passe
mail-password-link-until = Le lien est valable jusqu’au { MOMENT($until, $place) } et ne sert qu’une fois. Si vous en avez reçu plusieurs, chacun fonctionne jusqu’à ce que vous en utilisiez un.
mail-password-link-else = Vous n’avez rien demandé ? Ne faites rien : votre mot de passe ne change pas.

mail-password-changed-subject = Votre mot de passe a changé
mail-password-changed-text = Le mot de passe de votre compte a été changé le { MOMENT($at, $place) }. Toutes les sessions ouvertes ont été fermées.
mail-password-changed-else = Ce n’est pas vous ? Quelqu’un lit peut-être votre messagerie : changez d’abord son mot de passe. Choisissez ensuite un nouveau mot de passe pour ce site, à cette adresse :
mail-password-changed-button = Choisir un nouveau mot de passe

mail-identifier-sent-subject = Un identifiant de vote vient d’être envoyé
mail-identifier-sent-text = Pour « { $election } », un nouvel identifiant de vote a été demandé le { MOMENT($at, $place) }. Il part par SMS au { $number }.
mail-identifier-sent-revokes = L’identifiant précédent, s’il y en avait un, ne fonctionne plus.
mail-identifier-sent-else = Ce n’est pas vous qui l’avez demandé ? Ouvrez cette adresse et confirmez : l’identifiant sera bloqué, et plus aucun ne pourra être demandé à votre nom.
mail-identifier-sent-button = Ce n’est pas moi

mail-identifier-voided-subject = Le SMS n’a pas pu être remis
mail-identifier-voided-text = Pour « { $election } », le SMS destiné au { $number } n’a pas pu être remis. L’identifiant qu’il contenait est annulé, et votre essai vous est rendu.
mail-identifier-voided-last = Pour « { $election } », le SMS destiné au { $number } n’a pas pu être remis, comme d’autres avant lui. L’identifiant qu’il contenait est annulé, et nous n’envoyons plus de SMS à votre nom. Appelez l’assistance au { $phone } : elle vous dira comment voter.
mail-identifier-voided-number = L’opérateur nous dit que ce numéro ne peut pas recevoir de SMS. Vérifiez-le, ou prenez-en un autre.
mail-identifier-voided-unreachable = L’opérateur nous dit que le téléphone était éteint ou hors de portée. Rallumez-le, ou prenez un autre numéro.
mail-identifier-voided-ours = Ce n’est pas de votre fait : aucun opérateur n’a pu l’acheminer à temps.
mail-identifier-voided-again = Vous pouvez recommencer avant le { MOMENT($until, $place) } à cette adresse :
mail-identifier-voided-button = Demander un identifiant
mail-identifier-voided-else = Vous n’avez rien demandé ? Contactez l’assistance : quelqu’un connaît peut-être votre mot de passe.

mail-identifier-disavowed-subject = Les demandes d’identifiant à votre nom sont bloquées
mail-identifier-disavowed-text = Pour « { $election } », vous avez signalé le { MOMENT($at, $place) } une demande qui ne venait pas de vous. L’identifiant envoyé ne fonctionne plus. Contactez l’assistance, qui rétablira votre accès au vote, et changez votre mot de passe.
mail-identifier-disavowed-else = Ce n’est pas vous qui l’avez signalé ? Contactez aussi l’assistance : le lien pour le faire n’a été envoyé qu’à cette messagerie.

mail-voter-unlocked-subject = Vos vérifications d’identité sont comptées à partir de zéro
mail-voter-unlocked-text = Pour « { $election } », l’assistance a effacé le { MOMENT($at, $place) } les vérifications d’identité qui avaient échoué à votre nom.
mail-voter-corrected-subject = Vos vérifications d’identité sont comptées à partir de zéro
mail-voter-corrected-text = Pour « { $election } », votre NUMEN ou votre date de naissance était inexact sur la liste électorale, et a été corrigé le { MOMENT($at, $place) }. Les vérifications d’identité qui avaient échoué à votre nom ne comptent plus.
mail-voter-corrected-else = Une vérification échoue encore ? L’assistance peut vous dire ce qui diffère de la liste.
mail-voter-unfrozen-subject = Les demandes d’identifiant à votre nom sont rétablies
mail-voter-unfrozen-text = Pour « { $election } », l’assistance a rétabli le { MOMENT($at, $place) } les demandes d’identifiant à votre nom, qu’un signalement avait bloquées. Aucun identifiant reçu avant ne redevient valable.
mail-address-passed-subject = Votre adresse d’avant est celle d’une autre personne
mail-address-passed-text = Pour « { $election } », vous êtes sur la liste électorale à cette adresse-ci. Celle d’avant a été donnée à une autre personne : le mot de passe que vous y aviez choisi n’ouvre plus rien, et vos sessions ont été fermées.
mail-address-passed-else = Si vous n’avez pas encore de mot de passe pour cette adresse-ci, choisissez-en un sur cette page :
mail-address-passed-button = Choisir un mot de passe
mail-voter-helped-again = Vous pouvez demander un identifiant avant le { MOMENT($until, $place) } à cette adresse :
mail-voter-helped-button = Demander un identifiant
mail-voter-helped-else = Vous n’avez pas demandé l’aide de l’assistance ? Contactez-la : quelqu’un s’est peut-être fait passer pour vous.

# À l’assistance de l’élection.
mail-disavowal-reported-subject = Un identifiant de vote est contesté
mail-disavowal-reported-text = Pour « { $election } », { $name } ({ $email }, { $establishment }, { $uai }) a signalé le { MOMENT($at, $place) } une demande d’identifiant venue de quelqu’un d’autre.
mail-disavowal-reported-done = Aucun identifiant de cette personne ne fonctionne plus, et aucun ne peut être demandé à son nom. Le SMS contesté était destiné au { $number }.
mail-disavowal-reported-todo = À faire : joignez cette personne par un moyen que vous connaissez déjà, sans répondre à ce message, et vérifiez avec elle qui a fait la demande. Son mot de passe est peut-être connu de quelqu’un.

sms-identifier =
    { $election } : votre identifiant de vote est
    { $identifier }
    Il remplace le précédent. Ne le donnez à personne.
