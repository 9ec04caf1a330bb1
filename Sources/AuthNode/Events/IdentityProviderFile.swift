import Contract
import Files
import Foundation
import JSON
import Logging
import Revocation
import RevocationHTTP

/// The file of identity providers that tell a node of log-outs and security events: a JSON array of objects
/// (IdentityProviders.md has the members).
struct IdentityProviderFile: Sendable {
    private struct Entry: Decodable {
        let issuer: String
        let audience: OneOrMore
        let jwks: String?
        let accepts: [String]?
        let revokes: String?
        let subjects: [String]?
        let tokensNameSessions: Bool?
        let events: [String: EventTable.Effect]?
        let requestTypes: [String]?
        let authorization: String?
        let stream: String?
        let state: String?
        let lead: Double?
        let poll: Poll?

        enum CodingKeys: String, CodingKey, CaseIterable {
            case issuer, audience, jwks, accepts, revokes, subjects, tokensNameSessions, events, requestTypes
            case authorization, stream, state, lead, poll
        }

        var hasCredentials: Bool { authorization != nil || poll?.authorization != nil }
    }

    private struct Poll: Decodable {
        let endpoint: String
        let authorization: String?
        let interval: Double?
        let wait: Bool?

        enum CodingKeys: String, CodingKey, CaseIterable { case endpoint, authorization, interval, wait }
    }

    /// What is known of the issuers whose tokens may be ended.
    struct Issuers: Sendable {
        /// `iss` of our own tokens.
        let own: String
        /// Those of others.
        let others: [TrustedIssuer]

        /// - Returns: nil for one that is unknown, or our own.
        func other(_ name: String) -> TrustedIssuer? { others.first { $0.name.isExactly(name) } }
    }

    let providers: [IdentityProvider]

    /// - Throws: ``NodeError/Code/unreadableFile``, ``NodeError/Code/invalidSetting``.
    init(_ path: String, issuers: Issuers, logger: Logger) throws(NodeError) {
        let (entries, members): ([Entry], [[String: JSONValue]])
        do {
            let text = try PrivateFile.read(path)
            (entries, members) = (try StrictJSON.decode(from: text), try StrictJSON.decode(from: text))
        } catch let error as NodeError {
            throw error
        } catch {
            throw NodeError(
                .invalidSetting, "\(path) is not a JSON array of identity providers, each with issuer and audience")
        }
        for members in members {
            guard let name = Self.unknownMember(of: members) else { continue }
            throw NodeError(.invalidSetting, "\(path): an identity provider has no member '\(name)'")
        }
        var providers: [IdentityProvider] = []
        for entry in entries {
            guard !providers.contains(where: { $0.issuer.name.isExactly(entry.issuer) }) else {
                throw NodeError(.invalidSetting, "\(path) names an identity provider twice")
            }
            do throws(Complaint) {
                providers.append(try Self.provider(entry, issuers, logger))
            } catch {
                throw NodeError(.invalidSetting, "\(path), \(entry.issuer): \(error.message)")
            }
        }
        self.providers = providers
        if entries.contains(where: \.hasCredentials), RegularFile.isExposed(path) {
            logger.warning(
                "others may read the credentials of identity providers: chmod 600 the file",
                metadata: ["file": "\(path)"])
        }
    }

    /// A misspelt member would be a protection that is missing.
    private static func unknownMember(of members: [String: JSONValue]) -> String? {
        let known = Set(Entry.CodingKeys.allCases.map(\.rawValue))
        let knownOfPoll = Set(Poll.CodingKeys.allCases.map(\.rawValue))
        let poll: [String: JSONValue] = if case .object(let poll)? = members["poll"] { poll } else { [:] }
        return Set(members.keys).subtracting(known).min() ?? Set(poll.keys).subtracting(knownOfPoll).min()
    }

    private struct Complaint: Error {
        let message: String
    }

    private static func provider(
        _ entry: Entry, _ issuers: Issuers, _ logger: Logger
    ) throws(Complaint) -> IdentityProvider {
        let revokes = entry.revokes ?? entry.issuer
        let isOfItsOwn = revokes.isExactly(entry.issuer)
        let ended = issuers.other(revokes)
        guard ended != nil || revokes.isExactly(issuers.own) else {
            throw Complaint(message: "it revokes tokens of an issuer that this node does not know: see revokes")
        }
        guard !entry.audience.texts.isEmpty, !entry.audience.texts.contains("") else {
            throw Complaint(message: "an audience is missing")
        }
        let ways = try ways(of: entry)
        guard !ways.contains(.logout) || isOfItsOwn else {
            throw Complaint(
                message: "its log-out tokens name its own sessions: it cannot accept logout and revoke others")
        }
        guard entry.subjects != nil || isOfItsOwn && ended?.claimNames.subject ?? "sub" == "sub" else {
            throw Complaint(
                message: "what it calls a user may be another sub than that of the tokens: say its formats in subjects")
        }
        let formats = Set(entry.subjects ?? Array(SubjectMapping.usualFormats))
        guard formats.isSubset(of: SubjectMapping.knownFormats) else {
            let known = SubjectMapping.knownFormats.sorted().joined(separator: ", ")
            throw Complaint(message: "subjects are some of \(known)")
        }
        var issuer = TrustedIssuer(
            name: entry.issuer, audiences: entry.audience.texts, keys: try keys(of: entry, issuers, logger), kinds: [])
        let known = issuers.other(entry.issuer)
        if let known { issuer.lead = known.lead }
        if let lead = entry.lead {
            guard (0...30).contains(lead) else { throw Complaint(message: "its lead is 0 to 30 seconds") }
            issuer.lead = .seconds(lead)
        }
        return IdentityProvider(
            issuer: issuer, issuesTokens: known != nil, ways: ways, revokes: revokes,
            subjects: SubjectMapping(
                revokes: revokes, issuers: [entry.issuer, revokes], formats: formats,
                // Our own tokens always do. The sessions of another issuer are none of ours.
                tokensNameSessions: entry.tokensNameSessions ?? (isOfItsOwn && ended == nil),
                usersAreOpaque: entry.subjects?.contains("opaque") == true,
                tokensHaveIdentifiers: ended?.claimNames.token ?? "jti" == "jti"),
            table: EventTable(entry.events ?? [:]),
            requestTypes: Set(entry.requestTypes ?? ["global-token-revocation+jwt"]),
            authorization: entry.authorization, stream: entry.stream, verificationState: entry.state,
            poll: try entry.poll.map { (poll) throws(Complaint) in try self.poll(poll) })
    }

    private static func ways(of entry: Entry) throws(Complaint) -> Set<IdentityProvider.Way> {
        let names = entry.accepts ?? [IdentityProvider.Way.logout.rawValue]
        let ways = Set(names.compactMap { IdentityProvider.Way(rawValue: $0) })
        guard ways.count == names.count, !ways.isEmpty else {
            throw Complaint(message: "accepts is some of logout, revocation and events")
        }
        guard entry.poll == nil || ways.contains(.events) else {
            throw Complaint(message: "what is polled are events, which it does not accept")
        }
        return ways
    }

    private static func keys(
        of entry: Entry, _ issuers: Issuers, _ logger: Logger
    ) throws(Complaint) -> any KeySource {
        guard let jwks = entry.jwks else {
            guard let known = issuers.other(entry.issuer) else {
                throw Complaint(message: "it has no jwks, and is not among the issuers")
            }
            return known.keys
        }
        var logger = logger
        logger[metadataKey: "issuer"] = "\(entry.issuer)"
        do throws(VerificationKeysError) { return KeySetCache(try KeySetLocation(jwks), logger: logger) } catch {
            throw Complaint(message: error.message)
        }
    }

    private static func poll(_ poll: Poll) throws(Complaint) -> IdentityProvider.Poll {
        guard (1...3_600).contains(poll.interval ?? 1) else {
            throw Complaint(message: "the interval of polls is 1 to 3600 seconds")
        }
        var configuration = EventPollConfiguration()
        if let interval = poll.interval { configuration.interval = .seconds(interval) }
        configuration.waits = poll.wait ?? false
        do throws(JSONEndpoint.Failure) {
            return IdentityProvider.Poll(
                configuration: configuration,
                endpoint: try JSONEndpoint(poll.endpoint, authorization: poll.authorization))
        } catch { throw Complaint(message: error.message) }
    }
}
