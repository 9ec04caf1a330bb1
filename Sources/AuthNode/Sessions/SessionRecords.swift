import Contract
import Foundation
import HTTPTypes
import JSON
import Logging
import Revocation
import RevocationHTTP

/// Where nodes keep what they know of a subject's sessions: beside the denylist, so that a node keeps nothing.
/// ``Revocation/RevocationList`` does.
protocol SessionStore: Sendable {
    func sessionRecord(of subject: String, issuer: String) async throws(RevocationError) -> [UInt8]?

    func exchangeSessionRecord(
        of subject: String, issuer: String, _ held: [UInt8]?, for new: [UInt8], secondsToLive: Int64
    ) async throws(RevocationError) -> Bool
}

extension RevocationList: SessionStore {}

/// The sessions of each subject: noted at log-ins and refreshes, shown to the user. Whether one is good is the
/// denylist's word alone.
struct SessionRecords: Sendable {
    /// The most sessions of a subject. The one whose last refresh is the longest ago gives way.
    static let maximumCount = 100
    /// How often a record is tried that others change at the same time: each lost attempt is another's session noted.
    static let attempts = 16
    /// How long a session's entry may stay behind its refreshes. Each entry written is the whole record in the log.
    private static let delay: Int64 = 60_000

    let store: any SessionStore
    let denylist: any NodeDenylist
    let issuer: String
    let client: String
    /// Of refresh tokens: a session that was not refreshed for so long has ended.
    let lifetime: Duration
    let clock: WallClock

    /// Notes a log-in or a refresh. A log-in never fails because of its record.
    ///
    /// Only a log-in, which takes time, looks for sessions that have ended to make room. A refresh pushes out only what
    /// was not refreshed lately, or a user of many sessions would have the record written at every refresh.
    func note(_ session: UserSession, of subject: String, _ logger: Logger) async {
        var ended: Set<ExactString>?
        do throws(RevocationError) {
            for _ in 0..<Self.attempts {
                let held = try await store.sessionRecord(of: subject, issuer: issuer)
                var sessions = decoded(held)
                if let noted = sessions.first(where: { $0.identifier.isExactly(session.identifier) }) {
                    guard !isRecent(noted, for: session) else { return }
                    sessions.removeAll { $0.identifier.isExactly(session.identifier) }
                }
                if sessions.count >= Self.maximumCount {
                    if session.isNew {
                        if ended == nil { ended = await endedOnes(of: sessions, of: subject) }
                        sessions.removeAll { ended?.contains(ExactString($0.identifier)) == true }
                    } else if let oldest = sessions.min(by: { $0.refreshedAt < $1.refreshedAt }),
                        isRecent(oldest, for: session)
                    {
                        return
                    }
                }
                sessions.append(session)
                sessions.sort { $0.refreshedAt < $1.refreshedAt }
                guard let new = try? JSONEncoder().encode(sessions.suffix(Self.maximumCount)) else { return }
                let isWritten = try await store.exchangeSessionRecord(
                    of: subject, issuer: issuer, held, for: Array(new), secondsToLive: lifetime.components.seconds)
                if isWritten { return }
            }
            logger.warning("a session is missing from its user's list", metadata: ["code": "contended"])
        } catch {
            logger.warning(
                "a session is missing from its user's list", metadata: ["code": "\(error.code.rawValue)"])
        }
    }

    /// The sessions of a subject that go on, the last refreshed first.
    /// - Throws: 503 while that is unknown.
    func all(of subject: String) async throws(Refusal) -> [UserSession] {
        try await goingOn(of: subject).sorted { $0.refreshedAt > $1.refreshedAt }
    }

    /// Whether a session of the subject goes on.
    /// - Throws: 503 while that is unknown.
    func includes(_ identifier: String, of subject: String) async throws(Refusal) -> Bool {
        try await goingOn(of: subject) { $0.identifier.isExactly(identifier) }.isEmpty == false
    }

    private func goingOn(
        of subject: String, where isWanted: (UserSession) -> Bool = { _ in true }
    ) async throws(Refusal) -> [UserSession] {
        let held: [UInt8]?
        do throws(RevocationError) { held = try await store.sessionRecord(of: subject, issuer: issuer) } catch {
            throw .unavailable(error.message)
        }
        guard let sessions = await living(decoded(held).filter(isWanted), of: subject) else {
            throw .unavailable("it is not known which sessions go on")
        }
        return sessions
    }

    /// Whether an entry is so new that another one would say little more.
    private func isRecent(_ noted: UserSession, for session: UserSession) -> Bool {
        let (age, overflows) = session.refreshedAt.subtractingReportingOverflow(noted.refreshedAt)
        return !overflows && age.magnitude < min(Self.delay, lifetime.components.seconds * 100)
    }

    private func endedOnes(of sessions: [UserSession], of subject: String) async -> Set<ExactString> {
        guard let living = await living(sessions, of: subject) else { return [] }
        return Set(sessions.map { ExactString($0.identifier) }).subtracting(living.map { ExactString($0.identifier) })
    }

    /// The sessions of a record that have not expired. One that cannot be read is empty: any program may write it.
    private func decoded(_ record: [UInt8]?) -> [UserSession] {
        let sessions = record.flatMap { try? StrictJSON.decode([UserSession].self, from: $0) } ?? []
        let oldest = clock.now - lifetime.components.seconds * 1000
        return sessions.filter { $0.refreshedAt > oldest }
    }

    /// Those that are not revoked.
    /// - Returns: nil while the denylist does not say.
    private func living(_ sessions: [UserSession], of subject: String) async -> [UserSession]? {
        await withTaskGroup(of: (UserSession, Verdict).self) { group in
            for session in sessions.suffix(Self.maximumCount) {
                let token = TokenClaims(
                    kind: .refresh, issuer: issuer, subject: subject, session: session.identifier, client: client,
                    issuedAt: session.refreshedAt, authenticatedAt: session.loggedInAt,
                    expiresAt: session.refreshedAt + lifetime.components.seconds * 1000)
                group.addTask { (session, await denylist.verdict(for: token)) }
            }
            var living: [UserSession] = []
            for await (session, verdict) in group {
                switch verdict {
                case .clear: living.append(session)
                case .revoked: break
                case .unknown: return nil
                }
            }
            return living
        }
    }
}
