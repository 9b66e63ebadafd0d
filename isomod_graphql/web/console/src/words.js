// What the account pages say, in the languages of the letters; problems are found by the code that the server gives.

const EN = {
  email: 'E-mail address',
  password: 'New password',
  passwordHint: 'At least 12 characters, hard to guess.',
  showPassword: 'Show the password',
  signIn: 'Sign in',
  askAgain: 'Ask for a new letter',
  noToken: 'This page opens with the link of a letter. Open the link in your letter once more.',
  problems: {
    TOKEN_INVALID: 'This link has been used or is too old.',
    WEAK_PASSWORD: 'This password is too easy to guess. Choose a longer or less common one.',
    INVALID_CREDENTIALS:
      'You have an account already, and this is not its password. Try again, after several attempts a moment later.',
    CONFLICT: 'You are a member of this organisation already.',
    BAD_USER_INPUT: 'This is not an e-mail address.',
    UNREACHABLE: 'The server does not answer at the moment. Try again later.',
  },
  pages: {
    'accept-invitation': {
      title: 'Join your organisation',
      lead: 'You have been invited to work with IsoMod. Choose the password that you will sign in with.',
      passwordHint: 'At least 12 characters, hard to guess. If you sign in to IsoMod already, give the password you have.',
      password: 'Password',
      button: 'Join',
      doneTitle: 'Welcome',
      done: 'You are a member now. Sign in with your e-mail address and your password.',
      again: 'Ask whoever invited you for another invitation.',
    },
    'reset-password': {
      title: 'Choose a new password',
      lead: 'The new password replaces the old one, and every session ends.',
      button: 'Set the password',
      doneTitle: 'Your password is set',
      done: 'Sign in with the new password.',
    },
    'verify-email': {
      title: 'Confirm your e-mail address',
      lead: 'Confirm that the address at which you got the letter is yours.',
      button: 'Confirm',
      doneTitle: 'Your address is confirmed',
      done: 'Thank you. You need do nothing more.',
    },
    'change-email': {
      title: 'Confirm your new e-mail address',
      lead: 'From now on you will sign in with the address at which you got the letter.',
      button: 'Confirm',
      doneTitle: 'Your new address is confirmed',
      done: 'Sign in with the new address from now on.',
    },
    'forgot-password': {
      title: 'Forgot your password?',
      lead: 'Give the address that you sign in with. We send a letter with a link to choose a new password.',
      button: 'Send the letter',
      doneTitle: 'Look at your mail',
      done: 'If there is an account with this address, a letter is on its way. Its link works for half an hour.',
    },
  },
};

const NL = {
  email: 'E-mailadres',
  password: 'Nieuw wachtwoord',
  passwordHint: 'Minstens 12 tekens, moeilijk te raden.',
  showPassword: 'Toon het wachtwoord',
  signIn: 'Inloggen',
  askAgain: 'Vraag een nieuwe brief',
  noToken: 'Deze pagina opent met de link uit een brief. Open de link in uw brief opnieuw.',
  problems: {
    TOKEN_INVALID: 'Deze link is al gebruikt of te oud.',
    WEAK_PASSWORD: 'Dit wachtwoord is te makkelijk te raden. Kies een langer of minder gewoon wachtwoord.',
    INVALID_CREDENTIALS:
      'U hebt al een account en dit is niet het wachtwoord ervan. Probeer opnieuw, na meerdere pogingen wat later.',
    CONFLICT: 'U bent al lid van deze organisatie.',
    BAD_USER_INPUT: 'Dit is geen e-mailadres.',
    UNREACHABLE: 'De server antwoordt op dit moment niet. Probeer later opnieuw.',
  },
  pages: {
    'accept-invitation': {
      title: 'Begin bij uw organisatie',
      lead: 'U bent uitgenodigd om met IsoMod te werken. Kies het wachtwoord waarmee u inlogt.',
      passwordHint: 'Minstens 12 tekens, moeilijk te raden. Logt u al in bij IsoMod, geef dan het wachtwoord dat u hebt.',
      password: 'Wachtwoord',
      button: 'Beginnen',
      doneTitle: 'Welkom',
      done: 'U bent nu lid. Log in met uw e-mailadres en uw wachtwoord.',
      again: 'Vraag wie u uitnodigde om een nieuwe uitnodiging.',
    },
    'reset-password': {
      title: 'Kies een nieuw wachtwoord',
      lead: 'Het nieuwe wachtwoord vervangt het oude, en elke sessie eindigt.',
      button: 'Wachtwoord instellen',
      doneTitle: 'Uw wachtwoord is ingesteld',
      done: 'Log in met het nieuwe wachtwoord.',
    },
    'verify-email': {
      title: 'Bevestig uw e-mailadres',
      lead: 'Bevestig dat het adres waarop u de brief kreeg van u is.',
      button: 'Bevestigen',
      doneTitle: 'Uw adres is bevestigd',
      done: 'Dank u. U hoeft niets meer te doen.',
    },
    'change-email': {
      title: 'Bevestig uw nieuwe e-mailadres',
      lead: 'Voortaan logt u in met het adres waarop u de brief kreeg.',
      button: 'Bevestigen',
      doneTitle: 'Uw nieuwe adres is bevestigd',
      done: 'Log voortaan in met het nieuwe adres.',
    },
    'forgot-password': {
      title: 'Wachtwoord vergeten?',
      lead: 'Geef het adres waarmee u inlogt. Wij sturen een brief met een link om een nieuw wachtwoord te kiezen.',
      button: 'Stuur de brief',
      doneTitle: 'Kijk in uw mail',
      done: 'Is er een account met dit adres, dan is een brief onderweg. De link werkt een half uur.',
    },
  },
};

const FR = {
  email: 'Adresse e-mail',
  password: 'Nouveau mot de passe',
  passwordHint: 'Au moins 12 caractères, difficile à deviner.',
  showPassword: 'Afficher le mot de passe',
  signIn: 'Se connecter',
  askAgain: 'Demander une nouvelle lettre',
  noToken: 'Cette page s’ouvre par le lien d’une lettre. Ouvrez encore une fois le lien de votre lettre.',
  problems: {
    TOKEN_INVALID: 'Ce lien a déjà servi ou est trop ancien.',
    WEAK_PASSWORD: 'Ce mot de passe est trop facile à deviner. Choisissez-en un plus long ou moins courant.',
    INVALID_CREDENTIALS:
      'Vous avez déjà un compte, et ce n’est pas son mot de passe. Réessayez, un peu plus tard après plusieurs essais.',
    CONFLICT: 'Vous êtes déjà membre de cette organisation.',
    BAD_USER_INPUT: 'Ce n’est pas une adresse e-mail.',
    UNREACHABLE: 'Le serveur ne répond pas pour le moment. Réessayez plus tard.',
  },
  pages: {
    'accept-invitation': {
      title: 'Rejoignez votre organisation',
      lead: 'Vous êtes invité à travailler avec IsoMod. Choisissez le mot de passe de votre connexion.',
      passwordHint:
        'Au moins 12 caractères, difficile à deviner. Si vous avez déjà un compte IsoMod, donnez son mot de passe.',
      password: 'Mot de passe',
      button: 'Rejoindre',
      doneTitle: 'Bienvenue',
      done: 'Vous êtes membre. Connectez-vous avec votre adresse e-mail et votre mot de passe.',
      again: 'Demandez une autre invitation à la personne qui vous a invité.',
    },
    'reset-password': {
      title: 'Choisissez un nouveau mot de passe',
      lead: 'Le nouveau mot de passe remplace l’ancien, et toutes les sessions se terminent.',
      button: 'Enregistrer le mot de passe',
      doneTitle: 'Votre mot de passe est enregistré',
      done: 'Connectez-vous avec le nouveau mot de passe.',
    },
    'verify-email': {
      title: 'Confirmez votre adresse e-mail',
      lead: 'Confirmez que l’adresse à laquelle vous avez reçu la lettre est la vôtre.',
      button: 'Confirmer',
      doneTitle: 'Votre adresse est confirmée',
      done: 'Merci. Vous n’avez plus rien à faire.',
    },
    'change-email': {
      title: 'Confirmez votre nouvelle adresse e-mail',
      lead: 'Désormais, vous vous connecterez avec l’adresse à laquelle vous avez reçu la lettre.',
      button: 'Confirmer',
      doneTitle: 'Votre nouvelle adresse est confirmée',
      done: 'Connectez-vous désormais avec la nouvelle adresse.',
    },
    'forgot-password': {
      title: 'Mot de passe oublié ?',
      lead: 'Donnez l’adresse de votre connexion. Nous envoyons une lettre avec un lien pour choisir un mot de passe.',
      button: 'Envoyer la lettre',
      doneTitle: 'Regardez votre messagerie',
      done: 'S’il existe un compte avec cette adresse, une lettre est en route. Son lien est valable une demi-heure.',
    },
  },
};

const LANGUAGES = { en: EN, nl: NL, fr: FR };

/** The first of the browser's languages in which there are words; English without one. */
export function language(wanted) {
  return wanted.map((tag) => tag.toLowerCase().split('-')[0]).find((one) => one in LANGUAGES) ?? 'en';
}

/** The words of one page: its own before those of every page. */
export function wordsOf(spoken, page) {
  const { pages, ...common } = LANGUAGES[spoken];
  return { ...common, ...pages[page] };
}
