#!/bin/bash
# Writes the command-line tools: each only names its class. Run while the image is made.
set -eu
cd "$(dirname "$0")"
while read -r name class; do
    # shellcheck disable=SC2016 # written as it stands
    printf '#!/bin/bash\nexec "$(dirname "$0")/kafka-run-class.sh" %s "$@"\n' "$class" >"$name.sh"
    chmod 755 "$name.sh"
done <<'TOOLS'
kafka-broker-api-versions org.apache.kafka.tools.BrokerApiVersionsCommand
kafka-cluster org.apache.kafka.tools.ClusterTool
kafka-configs org.apache.kafka.tools.ConfigCommand
kafka-console-consumer org.apache.kafka.tools.consumer.ConsoleConsumer
kafka-console-producer org.apache.kafka.tools.ConsoleProducer
kafka-consumer-groups org.apache.kafka.tools.consumer.group.ConsumerGroupCommand
kafka-delete-records org.apache.kafka.tools.DeleteRecordsCommand
kafka-dump-log org.apache.kafka.tools.DumpLogSegments
kafka-features org.apache.kafka.tools.FeatureCommand
kafka-get-offsets org.apache.kafka.tools.GetOffsetShell
kafka-leader-election org.apache.kafka.tools.LeaderElectionCommand
kafka-log-dirs org.apache.kafka.tools.LogDirsCommand
kafka-metadata-quorum org.apache.kafka.tools.MetadataQuorumCommand
kafka-storage kafka.tools.StorageTool
kafka-topics org.apache.kafka.tools.TopicCommand
kafka-transactions org.apache.kafka.tools.TransactionsCommand
TOOLS
