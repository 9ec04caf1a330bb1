import Foundation
import HTTPTypes

/// A session as its user sees it.
struct UserSession: Codable, Sendable, Equatable {
    private static let maximumDeviceLength = 100

    /// `sid`
    let identifier: String
    /// What its browser or application said of itself at the last refresh. Anything but visible ASCII and spaces is a
    /// question mark.
    var device: String
    var address: String
    /// `auth_time`, Unix milliseconds.
    var loggedInAt: Int64
    /// The last refresh, or the log-in; Unix milliseconds.
    var refreshedAt: Int64

    /// Whether it was not refreshed yet.
    var isNew: Bool { refreshedAt == loggedInAt }

    private enum CodingKeys: String, CodingKey {
        case identifier = "sid"
        case device, address
        case loggedInAt = "logged_in_at"
        case refreshedAt = "refreshed_at"
    }

    /// - Parameter headers: those of the request that logged in or refreshed.
    init(identifier: String, headers: HTTPFields, address: String, loggedInAt: Int64, refreshedAt: Int64) {
        self.identifier = identifier
        device = String(
            String.UnicodeScalarView(
                (headers[.userAgent] ?? "").unicodeScalars.prefix(Self.maximumDeviceLength).map {
                    (" "..."~").contains($0) ? $0 : "?"
                }))
        self.address = String(address.prefix(64))
        self.loggedInAt = loggedInAt
        self.refreshedAt = refreshedAt
    }
}
