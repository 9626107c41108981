"""Texts of every page: head, navigation, foot; and signing in."""

from typing import Final

from events.sentences import Sentence

TEXTS: Final = {
    "skip": Sentence("Aller au contenu", "Skip to the content"),
    "main_navigation": Sentence("Navigation principale", "Main navigation"),
    "today": Sentence("Aujourd'hui", "Today"),
    "grants": Sentence("Subventions", "Grants"),
    "orders": Sentence("Mandats", "Payment orders"),
    "troubles": Sentence("À traiter", "To deal with"),
    "lag": Sentence("Retards", "Lag"),
    "language": Sentence("Langue", "Language"),
    "signed_in_as": Sentence("Accès", "Access"),
    "sign_in": Sentence("Se connecter", "Sign in"),
    "sign_out": Sentence("Se déconnecter", "Sign out"),
    "sign_in_lead": Sentence(
        "La console montre où en est chaque subvention, et le journal derrière chaque montant.",
        "The console shows where each grant stands, and the journal behind every figure.",
    ),
    "key": Sentence("Clé d'accès", "Access key"),
    "key_hint": Sentence(
        "Elle vous a été remise une fois, à sa création. Si vous ne l'avez plus, demandez-en une "
        "autre à l'opérateur.",
        "It was given to you once, when it was made. If you no longer have it, ask the operator "
        "for another.",
    ),
    "in_clear": Sentence(
        "Si l'adresse de cette page commence par http://, la session ne sera pas gardée\u00a0: "
        "passez par https, ou par localhost sur la machine même.",
        "If the address of this page begins with http://, the session will not be kept: come by "
        "https, or by localhost on the machine itself.",
    ),
    "open_access": Sentence(
        "Accès non contrôlé\u00a0: ECLUSE_AUTH=off. Tout le monde peut tout voir ici.",
        "Access is not checked: ECLUSE_AUTH=off. Everybody may see everything here.",
    ),
    "up_to_date_at": Sentence("Page du {instant}", "Page of {instant}"),
    "foot": Sentence(
        "Chaque montant est la somme d'écritures du journal\u00a0: suivez-le.",
        "Every figure is a sum of the journal's moves: follow it.",
    ),
    "unknown": Sentence("inconnu", "unknown"),
    "next_page": Sentence("Suite", "Next"),
    "first_page": Sentence("Revenir au début", "Back to the first"),
    "pages": Sentence("Pages", "Pages"),
    "live": Sentence("Mise à jour en direct", "Live updates"),
    "pause": Sentence("Suspendre la mise à jour", "Pause the updates"),
    "resume": Sentence("Reprendre la mise à jour", "Resume the updates"),
    "updated": Sentence("Page mise à jour.", "The page was updated."),
    "lost": Sentence(
        "La mise à jour en direct ne répond plus\u00a0; rechargez la page.",
        "The live update no longer answers; load the page again.",
    ),
    "problem_do": Sentence("Que faire", "What to do"),
    "problem_request": Sentence("Demande", "Request"),
    "problem_status": Sentence("Réponse {status}", "Answer {status}"),
    "back_to_today": Sentence("Revenir à aujourd'hui", "Back to today"),
    "breadcrumb": Sentence("Fil d'Ariane", "Breadcrumb"),
    "all_budgets": Sentence("Tous les budgets", "All budgets"),
    "budget": Sentence("Budget", "Budget"),
}
