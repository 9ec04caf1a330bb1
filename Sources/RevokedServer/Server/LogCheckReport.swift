import Foundation
import Persistence

/// `revoked check-log`: says on standard output what is wrong with the log of a data directory, and cuts it if asked
/// to.
package struct LogCheckReport {
    private let directory: String
    private let print: (String) -> Void
    /// Whether to cut, which is asked of whoever runs it.
    private let confirm: (String) -> Bool

    /// - Parameters:
    ///   - directory: the data directory.
    ///   - print: takes each line of the report.
    ///   - confirm: answers a question that ends in a question mark.
    package init(directory: String, print: @escaping (String) -> Void, confirm: @escaping (String) -> Bool) {
        self.directory = directory
        self.print = print
        self.confirm = confirm
    }

    /// What to do besides reading.
    package enum Action: Sendable {
        case nothing
        /// Cut what is damaged.
        case repair
        /// Give the denylist a new epoch: the directory is an older copy.
        case renewEpoch
    }

    /// - Returns: whether the daemon will start in this directory.
    /// - Throws: ``ServerError/Code/data``: a daemon uses the directory, there is no log, or its manifest is damaged or
    ///   names a file that is not there.
    package func run(_ action: Action = .nothing) throws(ServerError) -> Bool {
        do throws(PersistenceError) {
            let check = try LogCheck(directory: directory, now: Int64(Date().timeIntervalSince1970 * 1000))
            print("\(check.files) files, \(check.records) records read in \(directory)")
            for finding in check.findings { print(Self.describe(finding)) }
            switch action {
            case .nothing: return report(check)
            case .repair: return try repair(check)
            case .renewEpoch: return try renewEpoch(check)
            }
        } catch {
            throw ServerError(.data, error.message)
        }
    }

    private func report(_ check: LogCheck) -> Bool {
        if check.findings.isEmpty { print("nothing is wrong with the log's files") }
        if let notice = check.epochNotice { print(notice) }
        return !check.isEpochDamaged && !check.findings.contains { $0.kind != .torn }
    }

    private func repair(_ check: LogCheck) throws(PersistenceError) -> Bool {
        guard check.findings.contains(where: { $0.kind != .unsupported }) else { return report(check) }
        guard confirm("Cut every damaged file at its first bad record, and give the denylist a new epoch?") else {
            print("nothing was changed")
            return false
        }
        for name in try check.repair() { print("what was cut off is kept in \(name)") }
        print(
            "repaired; the next start gives the denylist a new epoch: revoke again what must stay revoked, then accept")
        if check.isEpochDamaged, let notice = check.epochNotice { print(notice) }
        return !check.isEpochDamaged && !check.findings.contains { $0.kind == .unsupported }
    }

    private func renewEpoch(_ check: LogCheck) throws(PersistenceError) -> Bool {
        let epoch = try check.renewEpoch()
        print("the denylist has a new epoch: \(epoch.text)")
        print("start the daemon, revoke again what was revoked since the copy was made, then run revoked accept")
        return !check.findings.contains { $0.kind != .torn }
    }

    private static func describe(_ finding: LogCheck.Finding) -> String {
        let place = "\(finding.file), byte \(finding.offset) of \(finding.size): \(finding.reason)"
        return switch finding.kind {
        case .torn: "torn: \(place). A crash interrupted this write; the next start cuts it off"
        case .damaged:
            "damaged: \(place). The daemon does not start: --repair cuts it there; a copy, "
                + "which needs --new-epoch, may hold more"
        case .unsupported: "unsupported: \(place). The daemon starts with --skip-unsupported only"
        }
    }
}
