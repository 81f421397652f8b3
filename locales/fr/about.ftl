# Ce que le site doit dire de lui-même.

about-title = À propos de ce site

legal-title = Mentions légales
legal-missing = Non renseigné par l’organisateur de l’élection.
legal-publisher = Qui publie ce site
legal-director = Direction de la publication
legal-host = Hébergement
legal-what = À quoi il sert
legal-what-text = Ce site permet aux électeurs inscrits de retrouver un mot de passe et de recevoir un nouvel identifiant de vote. Le vote a lieu sur une autre plateforme.

data-title = Données personnelles
data-lead = Ce site ne garde que ce qu’il lui faut pour reconnaître un électeur et pour prouver ce qui lui a été envoyé.
data-who = Qui en est responsable
data-what = Ce qui est gardé
data-roll = De la liste électorale : vos nom et prénoms, votre adresse professionnelle, votre établissement, votre académie et vos scrutins.
data-secrets = De votre NUMEN, de votre date de naissance, de votre mot de passe et de votre identifiant de vote : seulement une empreinte, qui permet de vérifier ce que vous saisissez sans pouvoir le relire.
data-phone = De votre numéro de mobile : une empreinte, ses deux derniers chiffres, et la date de votre demande expresse d’y recevoir l’identifiant.
data-messages = Des messages : à quel moment ils ont été demandés, envoyés et reçus, et si votre boîte aux lettres les a refusés. Leur contenu est effacé une fois qu’ils sont partis.
data-why = Pourquoi
data-why-text = Pour organiser l’élection et en garantir la sincérité, et pour pouvoir répondre de chaque envoi devant le bureau de vote et la CNIL.
data-given = À qui c’est transmis
data-given-text = Le SMS, avec votre numéro, passe par l’opérateur qui l’achemine, et les courriels par votre messagerie professionnelle. La plateforme de vote reçoit l’empreinte des identifiants, sans aucun nom. Si vous contestez un envoi, ou si votre boîte refuse nos courriels, l’assistance ou le secrétariat de votre établissement apprend votre nom et votre adresse, pour vous joindre.
data-rights = Vos droits
data-rights-text = Vous pouvez demander à voir vos données, à les faire rectifier, à en limiter l’usage, et combien de temps elles sont gardées. À qui s’adresser :
data-rights-cnil = Si la réponse ne vous convient pas, vous pouvez saisir la CNIL.

cookies-title = Cookies
cookies-lead = Ce site n’utilise que des cookies nécessaires : sans eux, il ne pourrait pas vous reconnaître d’une page à l’autre. Votre accord n’est donc pas demandé. Aucun ne sert à mesurer ni à suivre.
cookies-name = Nom
cookies-what = À quoi il sert
cookies-life = Durée
cookies-session = Votre connexion
cookies-session-life = Jusqu’à la fermeture du navigateur ou la fin de la session
cookies-address = L’adresse que vous venez de saisir, pour la page suivante
cookies-address-life = Trente minutes
cookies-browser = Reconnaître le navigateur sur lequel vous vous êtes déjà connecté, pour que des essais faits ailleurs ne vous bloquent pas
cookies-browser-life = Soixante jours
cookies-language = La langue que vous avez choisie
cookies-language-life = Soixante jours
cookies-held = Votre saisie chiffrée, quand il y a trop de monde et qu’elle attend son tour
cookies-held-life = Une minute
cookies-form = Votre formulaire chiffré, tant qu’il n’est pas accepté
cookies-form-life = Trente minutes
cookies-others = Ces cookies ne sont lisibles que par ce site.

accessibility-link = Accessibilité : non conforme
accessibility-title = Déclaration d’accessibilité
accessibility-lead = Ce site veut être le même pour tous, y compris avec un lecteur d’écran, au clavier, sur un téléphone ou avec une loupe.
accessibility-state = État de conformité
accessibility-state-text = Aucun audit indépendant selon le RGAA 4.1 n’a encore eu lieu. Au sens de la loi, le site est donc déclaré non conforme, en attendant cet audit.
accessibility-done = Ce qui est vérifié à chaque version
accessibility-done-script = Toutes les pages fonctionnent sans JavaScript, et un outil automatique (axe-core) n’y trouve aucun manquement aux règles WCAG 2.1 AA qu’il sait vérifier, erreurs affichées comprises, en clair et en sombre, en français et en anglais.
accessibility-done-keyboard = Tout le parcours se fait au clavier seul.
accessibility-done-zoom = À 320 pixels de large, comme avec un zoom de 400 %, rien n’oblige à défiler sur le côté.
accessibility-done-captcha = Le code de sécurité se lit, s’écoute, ou se prouve sans voir ni entendre.
accessibility-done-time = La fin d’une session s’annonce, se repousse, et ne fait rien perdre de ce qui est saisi.
accessibility-limits = Ce que nous savons imparfait
accessibility-limits-sound = Le code à écouter n’est dit qu’en français.
accessibility-limits-proof = La preuve par le navigateur demande JavaScript.
accessibility-contact = Signaler une difficulté
accessibility-contact-text = Si une page vous résiste, contactez l’assistance, en bas de chaque page : elle vous donnera une autre façon d’avancer, et nous corrigerons.
accessibility-recourse = Voies de recours
accessibility-recourse-text = Si vous signalez un défaut d’accessibilité et que la réponse ne vous convient pas, vous pouvez saisir le Défenseur des droits :
