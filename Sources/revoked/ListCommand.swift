import ArgumentParser
import Contract
import Foundation
import Revocation

/// `revoked list`: shows what is revoked.
struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List what is revoked: scope, reason, until when.",
        discussion: """
            Reads the store with SCAN, beside what it serves: what is revoked meanwhile may be missing. A daemon with an \
            admin password lets only the user admin do it. Refresh tokens that were exchanged are listed with --exchanged \
            only: their sessions go on.

              revoked list --scope sub
              revoked list --json | jq -r .identifier

            Exit status: 0 all was read, 2 it was not, 64 wrong arguments.
            """)

    @OptionGroup var store: StoreOption
    @Option(help: "Only this scope: \(ListedScope.allValueStrings.joined(separator: ", ")).") var scope: ListedScope?
    @Flag(help: "Refresh tokens, too, that were exchanged for others.") var exchanged = false
    @Flag(help: "Print one JSON object a line.") var json = false

    /// A scope by its word in keys.
    enum ListedScope: String, ExpressibleByArgument, CaseIterable {
        case jti, sid, sub, client, kid, all
    }

    func run() async throws {
        let administration = try store.administration()
        let progress = ListingProgress()
        var count = 0
        do {
            try await administration.list { found, read, total in
                progress.hide()
                for revocation in found where isWanted(revocation) {
                    count += 1
                    try ListedRevocation(revocation).show(asJSON: json)
                }
                progress.show(read, of: total)
            }
        } catch let error as RevocationError {
            progress.hide()
            await administration.close()
            throw try ExitStatus.fail(error, "Not all could be read", asJSON: json)
        }
        progress.hide()
        await administration.close()
        if !json { print(count == 1 ? "1 revocation" : "\(count) revocations") }
    }

    private func isWanted(_ revocation: StoredRevocation) -> Bool {
        (scope == nil || scope?.rawValue == revocation.kind.word) && (exchanged || revocation.reason?.text != "rotated")
    }
}

/// One line of the list.
private struct ListedRevocation: Encodable {
    let scope: String
    /// The issuer's label.
    let issuer: String?
    let identifier: String?
    let reason: String?
    /// RFC 3339: log-ins up to then are refused.
    let loggedInBefore: String?
    /// RFC 3339: when the store forgets it.
    let until: String?

    private enum CodingKeys: String, CodingKey {
        case scope, issuer, identifier, reason, until
        case loggedInBefore = "logged_in_before"
    }

    init(_ revocation: StoredRevocation) {
        scope = revocation.kind.word
        issuer = revocation.label
        identifier = revocation.identifier
        reason = revocation.reason?.text
        loggedInBefore = revocation.cutOff.map {
            Date(timeIntervalSince1970: Double($0) / 1000).formatted(.iso8601)
        }
        until = revocation.millisecondsLeft.map { Outcome.time(in: $0 / 1000) }
    }

    func show(asJSON: Bool) throws {
        guard !asJSON else {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return print(String(decoding: try encoder.encode(self), as: UTF8.self).printableJSON)
        }
        let what = reason ?? loggedInBefore.map { "log-ins up to \($0)" } ?? "unreadable cut-off"
        let name = [issuer, identifier].compactMap { $0 }.map(\.printable).joined(separator: " ")
        print("\(scope)\t\(name)\t\(what.printable)\tuntil \(until ?? "undone")")
    }
}

/// How far the list is, on a terminal only.
private final class ListingProgress {
    private let isOnTerminal = isatty(STDERR_FILENO) == 1
    private var isShown = false

    func show(_ read: Int, of total: Int) {
        guard isOnTerminal else { return }
        FileHandle.standardError.write(Data("\r\(read) of about \(total) keys".utf8))
        isShown = true
    }

    /// Before a line of the list.
    func hide() {
        guard isShown else { return }
        FileHandle.standardError.write(Data("\r\u{1B}[K".utf8))
        isShown = false
    }
}
