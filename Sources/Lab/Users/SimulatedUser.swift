/// One who logs in from several devices.
final class SimulatedUser {
    let name: String
    let issuer: IssuerRecord
    let subject = CutOffScope()
    private(set) var devices: [Device] = []

    init(name: String, devices count: Int, issuer: IssuerRecord) {
        self.name = name
        self.issuer = issuer
        devices = (0..<count).map { _ in Device(of: self) }
    }

    /// One log-in of a user, or the lack of it.
    final class Device {
        unowned let user: SimulatedUser
        var session: SessionRecord?
        var access: TokenRecord?
        var refresh: TokenRecord?
        /// Used up by the latest refresh.
        var usedRefresh: TokenRecord?
        /// Of before the latest refresh: good until it expires or the session ends.
        var olderAccess: TokenRecord?
        /// Requests under way that change the session: while there are any, no other is sent.
        var changesUnderWay = 0

        init(of user: SimulatedUser) { self.user = user }

        var isBusy: Bool { changesUnderWay > 0 }
        var tokens: [TokenRecord] { [access, olderAccess, refresh].compactMap { $0 } }

        /// Begins a session.
        func enter(_ session: SessionRecord, _ pair: (access: TokenRecord, refresh: TokenRecord)) {
            (self.session, access, refresh) = (session, pair.access, pair.refresh)
        }

        /// Goes on with another pair.
        func goOn(with pair: (access: TokenRecord, refresh: TokenRecord)) {
            (usedRefresh, olderAccess) = (refresh, access)
            (access, refresh) = (pair.access, pair.refresh)
        }

        /// Forgets the session.
        /// - Returns: its tokens.
        func leave() -> [TokenRecord] {
            let tokens = tokens
            (session, access, refresh, usedRefresh, olderAccess) = (nil, nil, nil, nil, nil)
            return tokens
        }
    }
}
