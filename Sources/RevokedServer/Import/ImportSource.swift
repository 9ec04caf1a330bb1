package import NIOCore

/// A stock Redis or Valkey whose keys are imported (`--import-from`), and the way to it.
package struct ImportSource: Sendable {
    package typealias Connect =
        @Sendable (
            _ loop: any EventLoop, _ timeout: TimeAmount, _ handler: @escaping @Sendable () -> any ChannelHandler
        )
        -> EventLoopFuture<any Channel>

    /// Host and port, without credentials.
    package let name: String
    /// nil if none are asked for.
    let user: [UInt8]?
    let password: [UInt8]?
    /// How long it may be silent. A source says something every 10 s, unless it is set to be quieter.
    let patience: TimeAmount
    /// Opens a connection with this handler.
    let connect: Connect

    package init(
        name: String, user: [UInt8]? = nil, password: [UInt8]? = nil, patience: TimeAmount = .seconds(60),
        connect: @escaping Connect
    ) {
        self.name = name
        self.patience = patience
        self.user = user
        self.password = password
        self.connect = connect
    }

    var credentials: (user: [UInt8]?, password: [UInt8])? { password.map { (user, $0) } }
}
