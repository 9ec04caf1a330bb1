#if os(Linux)
    import Foundation

    extension NodeLoad.Result {
        /// The most answers, of all judged, that may have been right either way.
        private static let maximumUndecided = 0.01
        private static let leastSoon = 0.01
        /// Of a revocation's way to the other nodes, in microseconds.
        private static let slowestRefusal = 50_000.0

        /// Puts what was found into a report whose operations are there already.
        func fill(_ report: inout LoadReport) {
            report.seconds = seconds
            report.facts += facts
            report.failures += failures
            report.failures += figures.findings.map { "\($0)" }
            report.warnings += warnings
            if let refusal = report.operations.first(where: { $0.name == NodeOperation.Kind.revokeToRefused.name }),
                refusal.latency.p999 > Self.slowestRefusal
            {
                report.warnings.append("a revocation's way to the other nodes took longer than 50 ms (p99.9)")
            }
        }

        private var facts: [LoadReport.Fact] {
            var facts: [LoadReport.Fact] = [
                .init("judged answers", Quantity.count(tally.judged)),
                .init("rightly accepted", Quantity.count(tally.rightlyAccepted)),
                .init("rightly refused", Quantity.count(tally.rightlyRefused)),
                .init("violations", Quantity.count(tally.violations)),
                .init("false rejections", Quantity.count(tally.falseRejections)),
                .init(
                    "right either way",
                    """
                    \(Quantity.count(tally.undecided)) (\(Self.percent(tally.shareUndecided))): revocation without an \
                    answer \(Quantity.count(tally.unacknowledged)), log-in and cut-off at once \
                    \(Quantity.count(tally.concurrent)), around expiry \(Quantity.count(tally.atExpiry))
                    """),
                .init("asked while a revocation was under way", Quantity.count(tally.duringRevocation)),
                .init("asked within 100 ms after an acknowledgement", Self.percent(tally.shareSoonAfterRevocation)),
                .init("acknowledged revocations", Quantity.count(figures.revocations)),
                .init("revocations without acknowledgement", Quantity.count(figures.unacknowledgedRevocations)),
                .init(
                    "revoked tokens asked for at the end",
                    """
                    \(Quantity.count(audit.tokens)), \(Quantity.count(audit.answers)) answers, \
                    \(Quantity.count(audit.lost)) accepted
                    """),
                .init("questions of the prober", probes),
                .init(
                    "processor time of the load for an answer",
                    String(format: "%.1f µs", processorSeconds * 1e6 / Double(max(1, tally.judged)))),
                .init("let through unproven, as the route's policy says", Quantity.count(tally.lenient)),
                .init("not answered, or with 503", unanswered),
            ]
            if figures.checksDuringStalls > 0 {
                facts.append(
                    .init("checks while a key set stalled", Quantity.count(figures.checksDuringStalls)))
            }
            for rule in Rule.allCases where tally.judged(by: rule) > 0 || rulesToJudge.contains(rule) {
                facts.append(.init("judged by rule: \(rule)", Quantity.count(tally.judged(by: rule))))
            }
            for (name, counts) in figures.availability.operations.sorted(by: { $0.key < $1.key }) {
                facts.append(.init("answered: \(name)", counts.text))
            }
            for (cause, count) in figures.causes.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
                facts.append(.init("unavailable: \(cause)", Quantity.count(count)))
            }
            for (cause, count) in figures.unexplained.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
                facts.append(.init("while nothing was broken: \(cause)", Quantity.count(count)))
            }
            for (what, count) in figures.oddities.sorted(by: { $0.key < $1.key }) {
                facts.append(.init("unexpected: \(what)", Quantity.count(count)))
            }
            return facts
        }

        private var unanswered: String {
            let operations = figures.availability.operations.values
            return """
                \(Quantity.count(operations.reduce(0) { $0 + $1.unanswered })) while nothing was broken, \
                \(Quantity.count(operations.reduce(0) { $0 + $1.excused })) during faults
                """
        }

        private var probes: String {
            """
            \(Quantity.count(lateProbes.asked)), \(Self.percent(lateProbes.share)) of them later than after 2 ms, the \
            latest after \(String(format: "%.1f", Double(lateProbes.longest) / 1e6)) ms; \
            \(lateProbes.abandoned) probes without an end
            """
        }

        private var failures: [String] {
            var failures: [String] = []
            for (count, what) in [
                (tally.violations, "violations"), (tally.falseRejections, "false rejections"),
                (tally.other, "answers that no node should give"), (audit.lost, "lost revocations"),
                (audit.unanswered, "revoked tokens of which a node said nothing at the end"),
                (figures.neverAcknowledged, "revocations that were never acknowledged"),
                (figures.keylessAnswers, "checks that failed for want of keys which the nodes had"),
                (figures.lateAnswersOfUnknownKeys, "tokens of unknown keys for which a node looked too long"),
            ] where count > 0 {
                failures.append("\(count) \(what)")
            }
            for rule in Rule.allCases where tally.violations(of: rule) > 0 {
                failures.append("\(tally.violations(of: rule)) times \(rule.description)")
            }
            for rule in Rule.allCases where rulesToJudge.contains(rule) && tally.judged(by: rule) == 0 {
                failures.append("never tried: \(rule.description)")
            }
            failures += figures.availability.failures
            if tally.judged == 0 { failures.append("nothing was judged: no node answered") }
            if figures.revocations == 0 { failures.append("no revocation was acknowledged") }
            if tally.shareUndecided > Self.maximumUndecided {
                failures.append("\(Self.percent(tally.shareUndecided)) of the answers were right either way: too many")
            }
            return failures
        }

        private var warnings: [String] {
            var warnings: [String] = []
            if tally.shareSoonAfterRevocation < Self.leastSoon {
                warnings.append("fewer than 1 % of the answers were asked for within 100 ms after an acknowledgement")
            }
            if processorSeconds > 0.9 * seconds {
                warnings.append("the load's own thread was the limit, not the nodes")
            }
            return warnings
        }

        private static func percent(_ share: Double) -> String { String(format: "%.2f %%", share * 100) }
    }
#endif

extension Availability.Counts {
    /// As a report says it.
    fileprivate var text: String {
        var text = "\(Quantity.count(answered)) of \(Quantity.count(answered + unanswered + excused))"
        if excused > 0 { text += ", \(Quantity.count(excused)) not during faults" }
        return text
    }
}
