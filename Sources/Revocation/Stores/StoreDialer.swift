package import Logging
package import NIOCore

/// Opens connections to one server, for those who speak with it in another way than a client does.
package struct StoreDialer: Sendable {
    /// Host and port, without credentials.
    package var name: String { location.description }
    package let credentials: StoreURL.Credentials?
    let encryption: StoreEncryption?
    private let location: StoreURL.Location

    /// - Parameters:
    ///   - url: of one server: `redis://`, `rediss://` or `redis+unix://`.
    ///   - password: of the URL's user, for a URL without one.
    /// - Throws: ``RevocationError/Code/invalidURL``, ``RevocationError/Code/invalidConfiguration``.
    package init(_ url: String, password: String?, logger: Logger) throws(RevocationError) {
        var configuration = RevocationConfiguration()
        configuration.password = password
        guard case .server(let location, let access) = try StoreURL(url, configuration) else {
            throw StoreURL.invalid("one server is named, by redis://, rediss:// or redis+unix://")
        }
        try self.init(location, access, logger: logger)
    }

    /// - Throws: ``RevocationError/Code/invalidConfiguration`` if the files for TLS cannot be used.
    init(_ location: StoreURL.Location, _ access: StoreURL.Access, logger: Logger) throws(RevocationError) {
        self.location = location
        credentials = access.credentials
        encryption = try StoreEncryption(access, logger: logger)
    }

    /// - Parameter handler: made for the new channel, behind TLS.
    package func connect(
        on loop: any EventLoop, timeout: TimeAmount, _ handler: @escaping @Sendable () -> any ChannelHandler
    ) -> EventLoopFuture<any Channel> {
        StoreChannelHandler.connect(to: location, on: loop, encryption: encryption, timeout: timeout, handler: handler)
    }
}
