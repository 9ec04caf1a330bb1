import ArgumentParser
import Foundation

/// What a command found or did, for people or for programs.
struct Outcome: Encodable {
    /// `revoked`, `expired`, `clear`, `unknown`, `restored` or `nothing`.
    let outcome: String
    /// What it says of itself in words.
    let message: String
    /// `jti`, `sid`, `sub`, `client`, `kid` or `all`.
    var scope: String?
    var reason: String?
    /// RFC 3339: until when the revocation is kept, or would have been.
    var until: String?
    /// Of how many servers with a copy it is known that they have it, and which were silent until their lease ran out.
    var inForceOn: Int?
    var waitedOut: [String]?

    func tell(asJSON: Bool) throws {
        guard asJSON else { return print(message.printable) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(self), as: UTF8.self).printableJSON)
    }

    static func time(in seconds: Int64) -> String {
        Date(timeIntervalSinceNow: TimeInterval(seconds)).formatted(.iso8601)
    }
}

/// Exit statuses beside 0; a wrong argument is 64.
enum ExitStatus {
    /// `check`: revoked. `restore`: there was nothing to undo.
    static let no = ExitCode(1)
    /// Nothing is known, or not everything was written.
    static let unknown = ExitCode(2)

    /// Tells why something was not acknowledged.
    static func fail(_ error: any Error, _ what: String, asJSON: Bool) throws -> ExitCode {
        try Outcome(outcome: "unknown", message: "\(what): \(error)").tell(asJSON: asJSON)
        return unknown
    }
}
