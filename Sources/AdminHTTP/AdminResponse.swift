import Foundation
import NIOHTTP1

/// What an admin HTTP server answers.
public struct AdminResponse: Sendable {
    let status: HTTPResponseStatus
    let contentType: String
    let body: String

    /// 200, in any text format.
    public init(_ body: String, contentType: String) { self.init(.ok, body, contentType: contentType) }

    /// 200 if the process can do its work, else 503: ``ReadinessReport`` in JSON.
    public init(_ readiness: ReadinessReport) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Strings and a boolean: there is nothing that JSON could not hold.
        let body = (try? encoder.encode(readiness)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
        self.init(readiness.ready ? .ok : .serviceUnavailable, body + "\n", contentType: "application/json")
    }

    /// 200: the process is there.
    public static let alive = AdminResponse("{\"alive\":true}\n", contentType: "application/json")

    private init(_ status: HTTPResponseStatus, _ body: String, contentType: String) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }

    /// 421: the request names a host that a server on loopback does not answer for (``RequestHost``).
    static let misdirected = AdminResponse(
        .misdirectedRequest,
        """
        This address answers for an IP address or localhost alone, so that no web page reads it by a name of its own.
        Ask for it by one of these, or let --http name an address beyond loopback (with --http-protected-mode no).

        """, contentType: "text/plain")

    static func plain(_ status: HTTPResponseStatus) -> AdminResponse {
        AdminResponse(status, status.reasonPhrase + "\n", contentType: "text/plain")
    }
}

/// What `/readyz` says.
public struct ReadinessReport: Codable, Sendable, Equatable {
    public var ready: Bool
    /// What an operator should know all the same.
    public var warnings: [String]?
    /// A word for programs.
    public var cause: String?
    /// The same in words.
    public var reason: String?

    public static func ready(warnings: [String]? = nil) -> ReadinessReport {
        ReadinessReport(ready: true, warnings: warnings)
    }

    public static func notReady(_ cause: String, _ reason: String) -> ReadinessReport {
        ReadinessReport(ready: false, cause: cause, reason: reason)
    }
}
