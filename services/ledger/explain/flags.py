"""The review flags, explained."""

from events.sentences import Sentence
from services.ledger.domain.flags import FlagCode
from services.ledger.explain.code_help import Advice

FLAGS: dict[FlagCode, Advice] = {
    FlagCode.CONDITION_YEAR_DIFFERS: Advice(
        Sentence("année des justificatifs", "condition year differs"),
        (),
        Sentence(
            "À la signature, l'attribution, l'échéancier et le texte nomment plus d'une année pour "
            "les documents à fournir.",
            "At the signature the award, the schedule and the text name more than one year for the "
            "documents that are owed.",
        ),
        Sentence("Vérifiez les deux actes.", "Check both acts."),
    ),
    FlagCode.FIGURES_DIFFER: Advice(
        Sentence("montants discordants", "figures differ"),
        (13,),
        Sentence(
            "Un montant énoncé n'est pas la somme de ses parts : délégations d'une ligne, lignes "
            "d'un acte, échéancier d'une subvention sans convention.",
            "A stated figure is not the sum of its parts: services of a line, lines of an act, "
            "instalments of a grant without convention.",
        ),
        Sentence("Vérifiez l'acte.", "Check the act."),
    ),
    FlagCode.NAME_DIFFERS: Advice(
        Sentence("nom différent", "name differs"),
        (9, 11),
        Sentence(
            "Deux actes désignent le bénéficiaire autrement : nom, SIRET du même SIREN, "
            "représentant ou signataire.",
            "Two acts name the beneficiary otherwise: name, SIRET of the same SIREN, "
            "representative or signatory.",
        ),
        Sentence("Vérifiez qu'il s'agit du même.", "Check that both are the same."),
    ),
    FlagCode.ACT_NOT_FOUND: Advice(
        Sentence("acte introuvable", "act not found"),
        (10, 17),
        Sentence(
            "Aucun acte de la subvention n'a l'assemblée et la date de l'acte cité.",
            "No act of the grant has the body and the date of the act that is cited.",
        ),
        Sentence(
            "Vérifiez sa date, ou envoyez la délibération.", "Check its date, or send the act."
        ),
    ),
    FlagCode.INTERESTED_NOT_RECUSED: Advice(
        Sentence("élu intéressé", "interested, not recused"),
        (),
        Sentence(
            "Un élu intéressé à l'affaire ne figure pas parmi ceux qui se sont déportés.",
            "An interested councillor is not among those who were recused.",
        ),
        Sentence("Vérifiez le procès-verbal.", "Check the minutes."),
    ),
    FlagCode.LINE_OVERDRAWN: Advice(
        Sentence("ligne à découvert", "line overdrawn"),
        (26,),
        Sentence(
            "L'événement baisse une ligne et la laisse au-dessous de zéro, dans un niveau de vote "
            "qui ne l'est pas.",
            "The event lowers a line and leaves it below zero, inside a vote level that is not.",
        ),
        Sentence("Votez ou virez des crédits.", "Vote or transfer credits."),
    ),
    FlagCode.RECOVERY_DUE: Advice(
        Sentence("trop-perçu", "recovery due"),
        (17, 22),
        Sentence(
            "Plus est mandaté ou payé que le coût éligible, ou une attribution tombe après un "
            "paiement.",
            "More is ordered or paid than the eligible cost, or an award falls after a payment.",
        ),
        Sentence("Demandez le reversement.", "Ask for the money back."),
    ),
    FlagCode.CONVENTION_REQUIRED: Advice(
        Sentence("mandat retenu", "convention required"),
        (14,),
        Sentence(
            "L'événement émettrait un mandat d'une subvention sans convention, et les attributions "
            "de l'exercice dépassent 23 000 € : il est retenu.",
            "The event would issue an order of a grant without convention, and the year's awards "
            "exceed 23,000 €: it is held back.",
        ),
        Sentence("Faites signer une convention.", "Have a convention signed."),
    ),
    FlagCode.CONCURRING_ACT_WITHDRAWN: Advice(
        Sentence("acte concordant retiré", "concurring act withdrawn"),
        (17,),
        Sentence(
            "Un acte de la subvention, autre que son attribution, est retiré ou annulé.",
            "An act of the grant, other than its award, was withdrawn or annulled.",
        ),
        Sentence(
            "Vérifiez que l'attribution tient sans lui.", "Check that the award stands without it."
        ),
    ),
    FlagCode.REPORT_REJECTED_AFTER_ORDER: Advice(
        Sentence("document rejeté après mandat", "report rejected after order"),
        (24,),
        Sentence(
            "Le document rejeté avait permis un mandat encore ouvert, ou payé.",
            "The rejected document had set off an order that is open, or was paid.",
        ),
        Sentence(
            "Voyez avec le comptable s'il faut l'arrêter.",
            "Ask the accountant whether to stop it.",
        ),
    ),
    FlagCode.CONVENTION_RENAMED: Advice(
        Sentence("convention renommée", "convention renamed"),
        (32,),
        Sentence(
            "Le nouvel exercice connaît déjà le numéro de la convention reportée : elle y porte "
            "l'année close à la suite de son numéro.",
            "The new year has the number of the convention carried over already: there it has the "
            "closed year behind its number.",
        ),
        Sentence(
            "Citez le nouveau numéro dans les événements qui la concernent.",
            "Name the new number in the events about it.",
        ),
    ),
    FlagCode.RECOVERY_IS_REVENUE: Advice(
        Sentence("reversement en recette", "recovery is revenue"),
        (27, 31),
        Sentence(
            "Le reversement est encaissé après l'exercice du budget : c'est une recette (compte "
            "773), aucun crédit n'est rouvert.",
            "The recovery was collected after the budget's year: it is revenue (account 773), no "
            "credit is reopened.",
        ),
        Sentence("Émettez un titre de recette.", "Issue a revenue order."),
    ),
    FlagCode.PAYMENT_LATE: Advice(
        Sentence("paiement en retard", "payment late"),
        (29,),
        Sentence(
            "Le mandat n'est pas payé à son échéance.", "The order was not paid by its due date."
        ),
        Sentence("Voyez avec le comptable.", "Ask the accountant."),
    ),
    FlagCode.REPORT_LATE: Advice(
        Sentence("document en retard", "report late"),
        (29,),
        Sentence(
            "Des documents dus à cette date ne sont pas reçus.",
            "Documents that were due by that day have not come.",
        ),
        Sentence("Relancez le bénéficiaire.", "Remind the beneficiary."),
    ),
}
"""The review flags."""
