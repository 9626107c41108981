"""Texts of the page Lag."""

from typing import Final

from events.sentences import Sentence
from services.texts.locale_format import Counted

TEXTS: Final = {
    "title": Sentence("Retards", "Lag"),
    "reload": Sentence("Recharger", "Reload"),
    # ------------------------------------------------------------ the first sentence
    "done_in": Sentence(
        "À ce rythme, c'est l'affaire de {span}.", "At this pace that takes another {span}."
    ),
    "sampled": Sentence(
        "Son dernier regard date de {clock}, {age}. Où en sont les postes depuis, personne ne le "
        "sait.",
        "It last looked at {clock}, {age}. How far the stages are since, nobody knows.",
    ),
    "never_sampled": Sentence(
        "Elle n'a encore rien vu. Où en sont les postes, personne ne le sait.",
        "It has not seen anything yet. How far the stages are, nobody knows.",
    ),
    "cluster_do": Sentence(
        "Regardez Kafka\u00a0: `ecluse topics diff` l'interroge aussi. Une fois revenu, tous les "
        "processus continuent d'eux-mêmes, et rien n'est perdu.",
        "Look after Kafka: `ecluse topics diff` asks it too. Once it is back all processes go on "
        "by themselves, and nothing is lost.",
    ),
    "one_process_lead": Sentence(
        "Ici tout se fait dans un seul processus, sans Kafka\u00a0: ce qui est reçu est décidé, "
        "gardé et montré avant la réponse. Aujourd'hui dit où en sont les comptes.",
        "Here all is done in one process, without Kafka: what is received is decided, kept and "
        "shown before it is answered. Today says how far the accounts are.",
    ),
    "nobody_lead": Sentence(
        "ECLUSE_WATCH_URL ne dit pas à l'API où répond la surveillance (`ecluse watch`). Donnez "
        "son adresse, par exemple http://watch:6066, et redémarrez l'API.",
        "ECLUSE_WATCH_URL does not tell the API where the watch (`ecluse watch`) answers. Give its "
        "address, as http://watch:6066, and start the API again.",
    ),
    "silent_lead": Sentence(
        "Qui est en retard, personne ne le sait ici. Les comptes ne dépendent pas d'elle.",
        "Who is behind, nobody knows here. The accounts do not depend on it.",
    ),
    "old_lead": Sentence(
        "La surveillance en est restée à {clock}, {age}. Ce qui suit est ce qu'elle disait alors.",
        "The watch stands at {clock}, {age}. What follows is what it said then.",
    ),
    "ahead_lead": Sentence(
        "L'horloge de la surveillance dit {clock}, et celle de l'API {here}\u00a0: l'âge de ce qui "
        "suit est inconnu. Réglez les horloges.",
        "The clock of the watch says {clock}, and that of the API {here}: how old all this is, "
        "nobody knows. Mend the clocks.",
    ),
    "silent_do": Sentence(
        "Vérifiez que `ecluse watch` tourne et que l'API l'atteint. Sans l'API, `ecluse lag` "
        "l'interroge aussi.",
        "Check that `ecluse watch` runs and that the API reaches it. Without the API, `ecluse lag` "
        "asks it too.",
    ),
    "no_answer": Sentence("ne répond pas", "does not answer"),
    "unreadable": Sentence(
        "répond ce que cette version ne comprend pas",
        "answers what this version does not understand",
    ),
    "answers": Sentence("répond", "answers"),
    "old_answer": Sentence(
        "répond, mais en est restée à {clock}", "answers, but stands at {clock}"
    ),
    # ------------------------------------------------------------ alarms
    "stage_is": Sentence("{stage}\u00a0: {state}", "{stage}: {state}"),
    "rule": Sentence(
        "Règle «\u00a0{rule}\u00a0». En détail\u00a0: docs/runbooks/{runbook}.md",
        "Rule “{rule}”. More: docs/runbooks/{runbook}.md",
    ),
    "more": Sentence(
        "En détail\u00a0: docs/runbooks/{runbook}.md", "More: docs/runbooks/{runbook}.md"
    ),
    "gap": Sentence("Le compte n'est pas bon", "The count does not add up"),
    "gap_said": Sentence(
        "{count} enregistrements lus par le grand livre sont restés sans suite connue.",
        "Of {count} records that the ledger read it is not known what became of them.",
    ),
    "repeated": Sentence("Le journal compte deux fois", "The journal counts twice"),
    "repeated_said": Sentence(
        "{count} places lues y sont décidées deux fois.",
        "{count} places that were read are decided twice in it.",
    ),
    "differing": Sentence(
        "La surveillance compte autrement que le grand livre",
        "The watch counts otherwise than the ledger",
    ),
    "differing_said": Sentence(
        "{count} soldes publiés diffèrent de ceux qu'elle tire du journal.",
        "{count} published balances differ from those that it draws from the journal.",
    ),
    "faults": Sentence("Le journal ne se suit plus", "The journal no longer follows on"),
    "faults_said": Sentence(
        "{count} budgets\u00a0: un enregistrement ne suit pas le précédent, ou ne se lit pas.",
        "{count} budgets: a record does not follow the one before it, or cannot be read.",
    ),
    "verify_do": Sentence(
        "Faites prouver le journal\u00a0: `ecluse verify`.",
        "Have the journal proved: `ecluse verify`.",
    ),
    "not_ready": Sentence(
        "La surveillance relit encore le journal", "The watch is still reading the journal"
    ),
    "not_ready_said": Sentence(
        "Ce qu'elle en compte est inconnu jusque-là.", "What it counts of it is unknown until then."
    ),
    # ------------------------------------------------------------ the stages
    "stages": Sentence("Poste par poste", "Stage by stage"),
    "stage": Sentence("Poste", "Stage"),
    "state": Sentence("État", "State"),
    "behind": Sentence("À lire", "Records behind"),
    "oldest": Sentence("Plus ancien non traité", "Oldest unprocessed"),
    "latest": Sentence("Dernier événement daté du", "Latest event dated"),
    "drain": Sentence("Encore", "Time to drain"),
    "members": Sentence("Processus", "Processes"),
    "partition": Sentence("Partition", "Partition"),
    "position": Sentence("Position", "Position"),
    "of_end": Sentence("fin {end}", "end {end}"),
    "owner": Sentence("Lecteur", "Owner"),
    "none": Sentence("rien", "none"),
    "then": Sentence("à {clock}\u00a0: {state}", "at {clock}: {state}"),
    "partitions_of": Sentence(
        "{stage}, partition par partition", "{stage}, partition by partition"
    ),
    "group": Sentence("groupe {group}", "group {group}"),
    "held_before": Sentence("retenue devant la position {offset}", "held before offset {offset}"),
    "what_to_do": Sentence("que faire", "what to do"),
    # ------------------------------------------------------------ the last hour
    "hour": Sentence("La dernière heure", "The last hour"),
    "hour_unknown": Sentence("Personne n'en sait rien ici.", "Nobody here knows anything of it."),
    "late": Sentence("Retard", "Lateness"),
    "waiting": Sentence("Mandats en attente", "Payment orders waiting"),
    "now": Sentence("maintenant", "now"),
    "hour_ago": Sentence("il y a une heure", "an hour ago"),
    "at_most": Sentence("au plus {most}", "at most {most}"),
    "drawn": Sentence(
        "Maintenant {now}\u00a0; au plus {most}, à {clock}.",
        "Now {now}; at most {most}, at {clock}.",
    ),
    "drawn_unknown": Sentence(
        "Inconnu pendant {minutes} minutes de l'heure.",
        "Unknown for {minutes} minutes of the hour.",
    ),
    "nothing_known": Sentence("Rien n'est connu de cette heure.", "Nothing is known of this hour."),
    "gap_key": Sentence("inconnu", "unknown"),
    "figures": Sentence("Les chiffres de l'heure", "The figures of the hour"),
    "figures_lead": Sentence(
        "Par cinq minutes le plus grand retard, et le plus à lire\u00a0; ≥ où une part est "
        "inconnue.",
        "Of each five minutes the greatest lateness, and the most behind; ≥ where a part is "
        "unknown.",
    ),
    "until": Sentence("Jusqu'à", "Until"),
    # ------------------------------------------------------------ orders, outcomes, durations
    "orders": Sentence("Mandats en attente de paiement", "Payment orders waiting"),
    "orders_waiting": Sentence("En attente", "Waiting"),
    "orders_oldest": Sentence("Le plus ancien", "The oldest"),
    "orders_due": Sentence("Échus", "Overdue"),
    "orders_unacknowledged": Sentence(
        "Sans réponse du comptable", "Without the accountant's answer"
    ),
    "issued": Sentence("émis {age}", "issued {age}"),
    "oldest_issued": Sentence("le plus ancien émis {age}", "the oldest issued {age}"),
    "oldest_orders": Sentence("Les plus anciens", "The oldest"),
    "order": Sentence("Mandat", "Payment order"),
    "left": Sentence("Reste à payer", "Still to pay"),
    "issued_on": Sentence("Émis", "Issued"),
    "due_on": Sentence("Échéance", "Due on"),
    "unanswered": Sentence("sans réponse", "no answer"),
    "count": Sentence("Ce que sont devenus les enregistrements", "What became of the records"),
    "unaccounted": Sentence("sans suite connue", "unaccounted for"),
    "resumed": Sentence(
        "{count} ont attendu, et ont été décidés depuis.", "{count} waited, and were decided since."
    ),
    "latencies": Sentence("Temps de passage, sur la dernière heure", "Latencies of the last hour"),
    "step": Sentence("Étape", "Step"),
    "passed": Sentence("Passages", "Passed"),
    "p50": Sentence("la moitié en", "half within"),
    "p95": Sentence("95 % en", "95 % within"),
    "max": Sentence("le plus long", "the longest"),
    # ------------------------------------------------------------ other waiting items
    "others": Sentence("Ce qui attend d'autre", "What else waits"),
    "reports": Sentence("Documents en retard", "Reports overdue"),
    "since_day": Sentence("le plus ancien était dû {age}", "the oldest was due {age}"),
    "closed": Sentence("exercice clos", "closed year"),
    "parked": Sentence("Événements en attente", "Parked events"),
    "past": Sentence(
        "{count} depuis plus longtemps qu'ils ne peuvent", "{count} past their deadline"
    ),
    "oldest_of": Sentence("le plus ancien {age}", "the oldest {age}"),
    "newest_of": Sentence("le dernier {age}", "the last {age}"),
    "waits_for": Sentence("attend {kind} {id}", "waits for {kind} {id}"),
    "dead_letters": Sentence("Enregistrements illisibles", "Dead letters"),
    "refusals": Sentence("Refus", "Refusals"),
    "deadline_events": Sentence("Événements d'échéance écrits", "Deadline events written"),
    "deadline_events_pending": Sentence("{count} à écrire", "{count} to be written"),
    # ------------------------------------------------------------ the watch itself
    "watch": Sentence("La surveillance elle-même", "The watch itself"),
    "instance": Sentence("Processus", "Process"),
    "budgets": Sentence("Budgets recomptés", "Budgets counted"),
    "balances": Sentence("Soldes différents", "Balances that differ"),
    "journal_faults": Sentence("Défauts du journal", "Faults of the journal"),
}

LEFT: Final = Counted(
    Sentence("{count} enregistrement reste à lire.", "{count} record is left to read."),
    Sentence("{count} enregistrements restent à lire.", "{count} records are left to read."),
)
AND_MORE: Final = Counted(
    Sentence("et {count} autre", "and {count} more"),
    Sentence("et {count} autres", "and {count} more"),
)
WAITED_FOR: Final = {
    "budget": Sentence("le budget", "the budget"),
    "grant": Sentence("la subvention", "the grant"),
    "convention": Sentence("la convention", "the convention"),
    "recovery": Sentence("le reversement", "the recovery"),
}
"""Kinds of things that a parked event waits for."""
