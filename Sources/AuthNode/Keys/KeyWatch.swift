import Logging
import ServiceLifecycle

/// Reads the key files again and again, so that keys are exchanged without a restart.
struct KeyWatch: Service {
    let path: String
    let keys: KeyRing
    let logger: Logger
    /// Waits until it is time to look again; throws when there is no more to wait for. Another one is for tests.
    var pause: @Sendable () async throws -> Void = { try await Task.sleep(for: .seconds(30)) }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while (try? await pause()) != nil { await look() }
        }
    }

    private func look() async {
        do throws(NodeError) {
            guard try await keys.replace(try KeyFiles.load(path, logger: logger)) else { return }
            logger.notice("the keys have been exchanged")
        } catch {
            logger.error("the keys stay as they were", metadata: ["reason": "\(error.message)"])
        }
    }
}
