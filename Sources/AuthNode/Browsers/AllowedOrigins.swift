import Foundation
import HTTPTypes

/// The origins whose pages may use a node from a browser (the Fetch standard's CORS protocol). Others get no header of
/// it: a browser then sends no request that needs a preflight, and shows no answer.
package struct AllowedOrigins: Sendable, CustomStringConvertible {
    /// How long a browser may remember a preflight, in seconds.
    private static let preflightLifetime = 600
    private static let loopback = ["localhost", "127.0.0.1", "[::1]"]

    package static let none = AllowedOrigins("")!

    private let origins: Set<String>

    package var description: String { origins.sorted().joined(separator: ",") }
    var isEmpty: Bool { origins.isEmpty }

    /// - Parameter text: origins as browsers send them, separated by commas: `https://app.example`. `http` is for this
    ///   machine only: anyone on the way could change such a page.
    package init?(_ text: String) {
        let origins = text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        guard origins.allSatisfy(Self.isOrigin) else { return nil }
        self.origins = Set(origins)
    }

    private static func isOrigin(_ text: String) -> Bool {
        let isSecure = text.hasPrefix("https://")
        guard isSecure || text.hasPrefix("http://") else { return false }
        let authority = text.dropFirst(isSecure ? 8 : 7)
        let colon =
            authority.hasPrefix("[") ? authority.firstRange(of: "]:")?.upperBound : authority.firstIndex(of: ":")
        let port = colon.map { authority[$0...].drop { $0 == ":" } }
        let host = authority.dropLast(port.map { $0.utf8.count + 1 } ?? 0)
        let names = "abcdefghijklmnopqrstuvwxyz0123456789.-"
        let isName = !host.isEmpty && host.allSatisfy { names.contains($0) }
        let isIPv6 = host.hasPrefix("[") && host.hasSuffix("]") && IPAddress(String(host)) != nil
        guard isName || isIPv6, port.map({ Int($0).map { (1...65_535).contains($0) } ?? false }) ?? true else {
            return false
        }
        return isSecure || loopback.contains(String(host))
    }

    /// The origin of a request's page, if it is one of these. It is compared byte for byte.
    func listed(in headers: HTTPFields) -> String? {
        guard !origins.isEmpty else { return nil }
        let values = headers[values: .origin]
        return values.count == 1 && origins.contains(values[0]) ? values[0] : nil
    }

    /// Whether a request asks if another may be sent.
    static func isPreflight(_ request: HTTPRequest) -> Bool {
        request.method == .options && request.headerFields[.accessControlRequestMethod] != nil
    }

    /// Adds what lets a page of this origin read an answer.
    /// - Parameters:
    ///   - origin: a listed one; nil for no permission.
    ///   - preflightMethods: those of the path, for the answer to a preflight.
    ///   - sendsCookies: whether the page's requests may carry cookies.
    func add(
        to headers: inout HTTPFields, for origin: String?, preflightMethods: [HTTPRequest.Method]?, sendsCookies: Bool
    ) {
        // The answer depends on the origin.
        headers.append(HTTPField(name: .vary, value: "Origin"))
        guard let origin else { return }
        headers[.accessControlAllowOrigin] = origin
        if sendsCookies { headers[.accessControlAllowCredentials] = "true" }
        guard let preflightMethods else {
            headers[.accessControlExposeHeaders] = "WWW-Authenticate, Retry-After"
            return
        }
        headers[.accessControlAllowMethods] = preflightMethods.map(\.rawValue).joined(separator: ", ")
        headers[.accessControlAllowHeaders] = "authorization, content-type"
        headers[.accessControlMaxAge] = String(Self.preflightLifetime)
    }
}
