import AdminHTTP
import Contract
import Denylist
import Persistence
import PrometheusMetrics
import Synchronization

/// What `/metrics` of the daemon tells: the same counters as `INFO`.
struct DaemonMetrics {
    private let daemon: Daemon

    init(_ daemon: Daemon) { self.daemon = daemon }

    var families: [MetricFamily] {
        let totals = daemon.counters.totals
        return [build, ready] + revocations(totals) + commands(totals) + connections(totals) + messages(totals)
            + store(totals) + epoch()
            + clock()
            + LeaseFigures(daemon).families + imported + LogMetrics(daemon).families + TLSFigures(daemon).families
            + daemon.processFigures.families
    }

    private var ready: MetricFamily {
        MetricFamily(
            .gauge, "revoked_ready", "1 while /readyz answers that the daemon can do its work.",
            DaemonAdmin(daemon: daemon).readiness.ready ? 1 : 0)
    }

    private var imported: [MetricFamily] {
        daemon.importer?.figures.families(acknowledged: daemon.persistence?.log.acknowledged ?? 0) ?? []
    }

    private var build: MetricFamily {
        var family = MetricFamily(.gauge, "revoked_build_info", "1, with the version as a label.")
        family.add(1, ["version": ServerInformation.revokedVersion, "redis_version": ServerInformation.redisVersion])
        return family
    }

    // MARK: Revocations

    private func revocations(_ totals: CounterTotals) -> [MetricFamily] {
        var written = MetricFamily(
            .counter, "revoked_revocations_total",
            "Revocations executed, by scope and reason; texts of one's own count as other.")
        for scope in Scope.Kind.allCases {
            for reason in RevocationReason.allCases where scope.isCutOff == (reason == .none) {
                written.add(totals[.revocations(scope, reason)], ["scope": scope.label, "reason": reason.word])
            }
        }
        var checks = MetricFamily(
            .counter, "revoked_checks_total", "Lookups of guarded keys: hit if the key was there, else miss.")
        checks.add(totals[.guardedHits], ["verdict": "hit"])
        checks.add(totals[.guardedMisses], ["verdict": "miss"])
        var plain = MetricFamily(.counter, "revoked_plain_lookups_total", "Lookups of all other keys.")
        plain.add(totals[.plainHits], ["result": "hit"])
        plain.add(totals[.plainMisses], ["result": "miss"])
        return [written, checks, plain]
    }

    // MARK: Commands

    private func commands(_ totals: CounterTotals) -> [MetricFamily] {
        var calls = MetricFamily(.counter, "revoked_commands_total", "Commands executed, by name.")
        var rejected = MetricFamily(
            .counter, "revoked_commands_rejected_total", "Commands refused before they were executed, by name.")
        var failed = MetricFamily(
            .counter, "revoked_commands_failed_total", "Commands executed that answered an error, by name.")
        for (index, name) in CommandTable.names.enumerated() {
            calls.add(totals[.calls(index)], ["command": name])
            rejected.add(totals[.rejections(index)], ["command": name])
            failed.add(totals[.failures(index)], ["command": name])
        }
        rejected.add(totals[.unknownCommands], ["command": "unknown"])
        var errors = MetricFamily(.counter, "revoked_error_replies_total", "Error replies, by their first word.")
        for code in ErrorCode.allCases { errors.add(totals[.errors(code)], ["error": code.word]) }
        var denied = MetricFamily(
            .counter, "revoked_access_denied_total",
            "Commands and keys that a user may not use, and wrong passwords, by reason.")
        for reason in DenialLog.Reason.allCases { denied.add(totals[.denials(reason)], ["reason": reason.rawValue]) }
        var batches = MetricFamily(
            .histogram, "revoked_batch_duration_seconds",
            "Time to execute what one read brought; one time in \(ThreadCounters.timedBatches) is measured."
        )
        batches.add(daemon.counters.batches)
        return [calls, rejected, failed, errors, denied, batches]
    }

    // MARK: Connections

    private func connections(_ totals: CounterTotals) -> [MetricFamily] {
        [
            MetricFamily(.gauge, "revoked_connections", "Connections of clients.", daemon.clients.count),
            MetricFamily(
                .gauge, "revoked_connections_limit", "The most connections: maxclients.",
                daemon.clients.maximum.load(ordering: .relaxed)),
            MetricFamily(.counter, "revoked_connections_accepted_total", "Connections made.", totals[.connections]),
            MetricFamily(
                .counter, "revoked_connections_rejected_total", "Connections refused, for there were too many.",
                totals[.rejectedConnections]),
            MetricFamily(
                .counter, "revoked_connections_evicted_total",
                "Connections closed to make room for others: those that had not authenticated, or the idlest.",
                totals[.evictedConnections]),
            MetricFamily(
                .counter, "revoked_connections_unauthenticated_total",
                "Connections closed because they did not authenticate within 10 s.",
                totals[.unauthenticatedConnections]),
            MetricFamily(
                .counter, "revoked_strangers_total",
                "Connections closed because the peer speaks another protocol, such as HTTP or TLS.", totals[.strangers]),
            MetricFamily(.counter, "revoked_received_bytes_total", "Bytes read from clients.", totals[.bytesIn]),
            MetricFamily(.counter, "revoked_sent_bytes_total", "Bytes of replies.", totals[.bytesOut]),
            MetricFamily(
                .gauge, "revoked_older_nodes",
                "Connections that read revoked.epoch without CLIENT SETINFO LIB-NAME revoked: nodes of an older release.",
                daemon.counters.olderNodes.load(ordering: .relaxed)),
            MetricFamily(
                .gauge, "revoked_unread_replies_bytes", "Replies that clients have not read yet.",
                daemon.counters.waitingOutput.load(ordering: .relaxed)),
        ]
    }

    private func messages(_ totals: CounterTotals) -> [MetricFamily] {
        var subscribed = MetricFamily(
            .gauge, "revoked_subscribed_channels", "Channels and patterns that connections are subscribed to.")
        for (kind, label) in [(Subscription.Kind.channel, "channel"), (.pattern, "pattern"), (.shardChannel, "shard")] {
            subscribed.add(daemon.channels.count(kind), ["kind": label])
        }
        let tracking = daemon.tracking.figures
        return [
            subscribed,
            MetricFamily(
                .gauge, "revoked_tracking_clients", "Connections with CLIENT TRACKING ON.", tracking.clients),
            MetricFamily(
                .gauge, "revoked_tracked_keys", "Keys that are remembered for CLIENT TRACKING.", tracking.keys),
            MetricFamily(
                .counter, "revoked_messages_published_total", "PUBLISH and SPUBLISH executed.",
                totals[.publishedMessages]),
            MetricFamily(
                .counter, "revoked_messages_delivered_total", "Messages sent to connections, each one counted.",
                totals[.deliveredMessages]),
            MetricFamily(
                .counter, "revoked_slow_subscribers_total",
                "Connections closed because they did not read their messages.", totals[.slowSubscribers]),
            MetricFamily(
                .gauge, "revoked_subscriptions_bytes", "Memory that subscriptions take, about.", daemon.channels.memory),
            MetricFamily(
                .gauge, "revoked_undelivered_messages_bytes", "Messages that wait for a thread to send them.",
                daemon.mail.bytes),
        ]
    }

    // MARK: The store

    private func store(_ totals: CounterTotals) -> [MetricFamily] {
        let statistics = daemon.denylist.statistics
        var keys = MetricFamily(
            .gauge, "revoked_database_entries", "The same of each database that was ever written to.")
        for database in daemon.denylist.databases {
            keys.add(database.statistics.entries, ["database": "\(database.number)"])
        }
        let perEntry = statistics.entries > 0 ? Double(statistics.bytes) / Double(statistics.entries) : 0
        return [
            MetricFamily(
                .gauge, "revoked_entries", "Entries, expired ones that are not reclaimed yet included.",
                statistics.entries),
            keys,
            MetricFamily(.gauge, "revoked_memory_used_bytes", "Memory that entries and tables take.", statistics.bytes),
            MetricFamily(
                .gauge, "revoked_memory_limit_bytes", "maxmemory; 0 is no limit.", daemon.denylist.maximumBytes),
            MetricFamily(
                .gauge, "revoked_memory_reserved_bytes", "What plain keys leave to revocations.", daemon.memory.reserved
            ),
            MetricFamily(.gauge, "revoked_entry_size_bytes", "Memory used, divided by the entries.", perEntry),
            MetricFamily(
                .counter, "revoked_expired_total", "Entries reclaimed after their expiry.", Int(statistics.expired)),
            MetricFamily(
                .gauge, "revoked_expiry_lag_seconds",
                "How late entries were reclaimed, at worst, in this and the last turn of the hand.",
                Double(statistics.expiryLag) / 1000),
            MetricFamily(
                .counter, "revoked_refused_for_memory_total", "Writes refused with -OOM.", totals[.refusedForMemory]),
        ]
    }

    // MARK: Clocks

    private func clock() -> [MetricFamily] {
        guard !daemon.loading.isActive else { return [] }
        return [
            MetricFamily(
                .gauge, "revoked_guarded_time_behind_seconds",
                "How far the time that revocations end by is behind the wall clock: nothing needs it to be near.",
                Double(ClockFigures(daemon).behind) / 1000),
            MetricFamily(
                .gauge, "revoked_time_ahead_seconds", "How far TIME is ahead of the wall clock.",
                Double(daemon.clock.lead) / 1000),
            MetricFamily(
                .gauge, "revoked_clock_request",
                "1 if TIME and the wall clock are too far apart for TIME to follow it without CONFIG SET trust-clock yes.",
                daemon.clock.disagreement == nil ? 0 : 1),
        ]
    }

    // MARK: The epoch

    private func epoch() -> [MetricFamily] {
        let since = daemon.epoch.knownSince
        let isPending = daemon.identity.withLock { $0?.isPending ?? false }
        let age = since > 0 ? Double(max(0, daemon.clock.uptime() - since)) / 1000 : 0
        return [
            MetricFamily(
                .gauge, "revoked_epoch_age_seconds", "Since when this process has had this epoch; 0 while loading.", age
            ),
            MetricFamily(
                .counter, "revoked_epoch_renewals_total", "Epochs that this process has made.", daemon.epoch.renewed),
            MetricFamily(
                .gauge, "revoked_epoch_pending",
                "1 while the epoch replaces another and no operator has accepted that: clients deny.", isPending ? 1 : 0
            ),
        ]
    }
}
