import NIOCore
import PrometheusMetrics
import Synchronization

/// How far an import is, for `INFO`, `/readyz` and those who end it.
final class ImportFigures: Sendable {
    enum Phase: String, Sendable, CaseIterable {
        case connecting
        /// A whole copy is on its way.
        case copying
        /// The copy is complete, and goes on with the source.
        case following
        /// The connection is lost, or the source was refused: it is tried again.
        case waiting
        /// Nothing helps but an operator and a restart.
        case stopped
        /// `REPLICAOF NO ONE` has ended it, now or before this start.
        case ended
    }

    struct Values: Sendable {
        var phase = Phase.connecting
        /// Whether a copy was complete since the start.
        var isComplete = false
        /// Why it waits or has stopped; empty otherwise.
        var problem = ""
        /// What the source says that it is.
        var version = ""
        var stretch = ""
        var copies = 0
        var connections = 0
        /// When bytes of the source last arrived; nil before.
        var heardAt: NIODeadline?
        var counts = ImportSink.Counts()
        /// The last one that was kept; nil before a copy is.
        fileprivate(set) var offset: UInt64?
        /// Positions of the source that were applied, and of the log behind their writes.
        fileprivate var applied: [(offset: UInt64, end: UInt64)] = []

        /// Bytes of the source's stream that are applied, and not kept yet.
        var unkept: UInt64 { applied.last.map { $0.offset - (offset ?? applied[0].offset) } ?? 0 }

        /// Connections to the source after the first one.
        var reconnects: Int { max(0, connections - 1) }

        func silence(at now: NIODeadline) -> Double? { heardAt.map { Double((now - $0).nanoseconds) / 1e9 } }

        /// Applied, with all its writes in the log up to `end`.
        mutating func apply(_ offset: UInt64, end: UInt64) {
            if applied.last?.end == end || applied.count >= 1_024 { applied.removeLast() }
            applied.append((offset, end))
        }

        /// Another stretch begins.
        mutating func forgetOffsets() { (offset, applied) = (nil, []) }

        fileprivate mutating func advance(acknowledged: UInt64) {
            guard let last = applied.lastIndex(where: { $0.end <= acknowledged }) else { return }
            offset = applied[last].offset
            applied.removeFirst(last + 1)
        }
    }

    private let values = Mutex(Values())

    func change(_ body: (inout Values) -> Void) { values.withLock { body(&$0) } }

    /// - Parameter acknowledged: that of the log.
    func read(acknowledged: UInt64) -> Values {
        values.withLock { values in
            values.advance(acknowledged: acknowledged)
            return values
        }
    }

    /// What an operator should know; nil if all is well.
    var complaint: String? {
        values.withLock { values in
            switch values.phase {
            case .waiting, .stopped:
                "the import \(values.phase == .waiting ? "waits" : "has stopped"): \(values.problem)"
            default: values.problem.isEmpty ? nil : "the import is held up: \(values.problem)"
            }
        }
    }

    func lines(source: String, acknowledged: UInt64) -> [String] {
        let values = read(acknowledged: acknowledged)
        let counts = values.counts
        return [
            "import_source:\(source)", "import_state:\(values.phase.rawValue)",
            "import_complete:\(values.isComplete ? 1 : 0)", "import_problem:\(values.problem)",
            "import_source_version:\(values.version)", "import_replid:\(values.stretch)",
            "import_offset:\(values.offset.map { "\($0)" } ?? "-1")", "import_copies:\(values.copies)",
            "import_guarded:\(counts.guarded)", "import_plain:\(counts.plain)", "import_skipped:\(counts.skipped)",
            "import_too_large:\(counts.tooLarge)", "import_removals_ignored:\(counts.kept)",
            "import_without_expiry:\(counts.withoutExpiry)", "import_unkept_bytes:\(values.unkept)",
            "import_reconnects:\(values.reconnects)",
            "import_last_io_seconds_ago:\(values.silence(at: .now()).map { "\(Int($0))" } ?? "-1")",
        ]
    }

    /// What `/metrics` tells.
    func families(acknowledged: UInt64) -> [MetricFamily] {
        let values = read(acknowledged: acknowledged)
        let counts = values.counts
        let state = MetricFamily(
            "revoked_import_state", "1 for the state that the import is in.", state: values.phase.rawValue,
            of: Phase.allCases.map(\.rawValue))
        var entries = MetricFamily(.counter, "revoked_import_entries_total", "Writes of the source that were applied.")
        entries.add(counts.guarded, ["kind": "revocation"])
        entries.add(counts.plain, ["kind": "plain"])
        var skipped = MetricFamily(
            .counter, "revoked_import_skipped_total", "Keys and changes of the source that were passed over, by reason."
        )
        skipped.add(counts.skipped, ["reason": "type"])
        skipped.add(counts.tooLarge, ["reason": "size"])
        skipped.add(counts.kept, ["reason": "removal"])
        var silence: [MetricFamily] = []
        if let seconds = values.silence(at: .now()) {
            silence = [
                MetricFamily(
                    .gauge, "revoked_import_silence_seconds", "Since when nothing has arrived from the source.", seconds
                )
            ]
        }
        return silence + [
            state, entries, skipped,
            MetricFamily(
                .gauge, "revoked_import_offset", "The source's replication offset that is kept here.",
                Double(values.offset ?? 0)),
            MetricFamily(
                .gauge, "revoked_import_unkept_bytes",
                "Bytes of the source's stream that are applied, and not kept yet.",
                Double(values.unkept)),
            MetricFamily(.counter, "revoked_import_copies_total", "Whole copies that were begun.", values.copies),
            MetricFamily(
                .counter, "revoked_import_reconnects_total", "Connections to the source after the first.",
                values.reconnects),
        ]
    }
}
