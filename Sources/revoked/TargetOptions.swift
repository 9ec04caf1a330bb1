import ArgumentParser
import AuthNode
import Contract
import Foundation
import Revocation
import RevocationHTTP

/// What a command is about: exactly one of these, or a token on standard input.
struct TargetOptions: ParsableArguments {
    @Option(parsing: .unconditional, help: "A token's jti; --expires-at says until when it is valid.")
    var jti: Identifier?
    @Option(help: "The exp of --jti, in Unix seconds.") var expiresAt: Int64?
    @Option(parsing: .unconditional, help: "A session (sid): every token of one log-in.") var session: Identifier?
    @Option(
        parsing: .unconditional,
        help: "A subject (sub): every token of a log-in of theirs until now, or until --issued-before.")
    var subject: Identifier?
    @Option(parsing: .unconditional, help: "A client (client_id), likewise.") var client: Identifier?
    @Option(
        parsing: .unconditional,
        help: "A signing key (kid, or its thumbprint): every token that it has signed or will sign.")
    var kid: Identifier?
    @Flag(help: "Every token, likewise.") var all = false
    @Option(
        help: "The issuer (iss) of what is named, where the denylist's terms have several.")
    var issuer: String?
    @Option(
        help: "The nodes' file of other issuers, for a token whose identifiers are in other claims than sub, sid, jti.")
    var issuers: String?
    @Option(help: "An issuer and its label as iss=label, once for each: only for a denylist that has no terms yet.")
    var issuerLabel: [String] = []
    @Flag(help: "Print one JSON object.") var json = false

    func validate() throws {
        let named = [jti, session, subject, client, kid].count { $0 != nil } + (all ? 1 : 0)
        guard named <= 1 else {
            throw ValidationError("name one of --jti, --session, --subject, --client, --kid and --all")
        }
        guard expiresAt == nil || jti != nil else { throw ValidationError("--expires-at belongs to --jti") }
        guard issuers == nil || named == 0 else {
            throw ValidationError("--issuers belongs to a token on standard input")
        }
        guard issuerLabel.allSatisfy({ $0.contains("=") }) else {
            throw ValidationError("--issuer-label is iss=label")
        }
    }

    /// What is named; nil if it is the token on standard input.
    var scope: Scope? {
        if let jti { return .token(jti.text) }
        if let session { return .session(session.text) }
        if let subject { return .subject(subject.text) }
        if let client { return .client(client.text) }
        if let kid { return .key(kid.text) }
        return all ? .all : nil
    }

    /// Labels and lifetimes are read from the denylist's terms.
    func configuration(_ pin: PinOptions) -> RevocationConfiguration {
        var configuration = RevocationConfiguration()
        configuration.issuers = issuerLabel.map { pair in
            let equals = pair.lastIndex(of: "=") ?? pair.endIndex
            return .init(String(pair[..<equals]), label: String(pair[equals...].dropFirst()))
        }
        // Its terms say how far clocks may be ahead. Those that name no issuer do not.
        configuration.issuerLead = .zero
        configuration.leastCutOffLead = TermsGrowth.usualLead
        configuration.epoch = pin.epoch
        configuration.stateFile = pin.stateFile
        return configuration
    }

    /// The token on standard input: an argument could be read by others. Its signature is not checked.
    func token() throws -> TokenClaims {
        let input = try FileHandle.standardInput.read(upToCount: TokenVerifier.maximumTokenBytes + 2) ?? Data()
        let text = String(decoding: input, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        guard !text.isEmpty else {
            throw ValidationError(
                "give a token on standard input, or name --jti, --session, --subject, --client, --kid or --all")
        }
        return try TokenClaims(unverified: text, names: try issuers.map(IssuerFile.claimNames) ?? [:])
    }
}
