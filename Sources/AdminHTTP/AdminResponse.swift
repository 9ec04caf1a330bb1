import Foundation
import NIOHTTP1

/// What an admin HTTP server answers.
package struct AdminResponse: Sendable {
    let status: HTTPResponseStatus
    let contentType: String
    let body: String

    /// 200, in any text format.
    package init(_ body: String, contentType: String) { self.init(.ok, body, contentType: contentType) }

    /// 200 if the process can do its work, else 503: ``ReadinessReport`` in JSON.
    package init(_ readiness: ReadinessReport) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Strings and a boolean: there is nothing that JSON could not hold.
        let body = (try? encoder.encode(readiness)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
        self.init(readiness.ready ? .ok : .serviceUnavailable, body + "\n", contentType: "application/json")
    }

    /// 200: the process is there.
    package static let alive = AdminResponse("{\"alive\":true}\n", contentType: "application/json")

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
package struct ReadinessReport: Codable, Sendable, Equatable {
    package var ready: Bool
    /// What an operator should know all the same.
    package var warnings: [String]?
    /// A word for programs.
    package var cause: String?
    /// The same in words.
    package var reason: String?

    package static func ready(warnings: [String]? = nil) -> ReadinessReport {
        ReadinessReport(ready: true, warnings: warnings)
    }

    package static func notReady(_ cause: String, _ reason: String) -> ReadinessReport {
        ReadinessReport(ready: false, cause: cause, reason: reason)
    }
}
