import Logging
import NIOCore
import NIOPosix
import Testing

@testable import RevokedServer

@Suite struct NIOLoopContextTests {
    /// A connection costs no reply buffer of its own.
    @Test func theConnectionsOfALoopShareItsContext() async throws {
        let daemon = Daemon(
            ServerConfiguration(), time: TimeSource(wall: { 1_790_000_000_000 }, boot: { 5_000_000 }),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        let contexts = NIOLoopContexts(daemon)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        var seen: Set<ObjectIdentifier> = []
        for loop in group.makeIterator() {
            let (one, other) = try await loop.submit {
                (ObjectIdentifier(contexts.context(of: loop)), ObjectIdentifier(contexts.context(of: loop)))
            }.get()
            #expect(one == other)
            seen.insert(one)
        }
        #expect(seen.count == 2)
        try await group.shutdownGracefully()
    }
}
