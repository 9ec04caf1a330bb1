/// A node as the load sees it.
struct NodeProfile: Sendable {
    /// `http://host:port`
    var url: String
    /// At `/me` and `/auth`.
    var policy = RoutePolicy.deny
    /// Whether it hands out tokens in cookies, and takes them from there.
    var usesCookies = false
}
