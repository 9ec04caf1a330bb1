import Logging
import ServiceLifecycle

/// Reads the key files again and again, so that keys are exchanged without a restart.
struct KeyWatch: Service {
    private static let interval: Duration = .seconds(30)

    let path: String
    let keys: KeyRing
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while (try? await Task.sleep(for: Self.interval)) != nil { await look() }
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
