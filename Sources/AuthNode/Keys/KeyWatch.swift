import Logging
import ServiceLifecycle

/// Reads the key files again and again, so that keys are exchanged without a restart, and a key whose file is gone is
/// dropped.
struct KeyWatch: Service {
    let path: String
    let keys: KeyRing
    let logger: Logger
    /// Waits until it is time to look again; throws when there is no more to wait for. Another one is for tests.
    var pause: @Sendable () async throws -> Void = { try await Task.sleep(for: .seconds(5)) }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var held: [String: SigningKey] = [:]
            repeat { held = await look(held) } while (try? await pause()) != nil
        }
    }

    /// - Parameter held: the keys of the last look, by file.
    /// - Returns: those of this one.
    private func look(_ held: [String: SigningKey]) async -> [String: SigningKey] {
        do throws(NodeError) {
            let contents = try KeyFiles.read(path, held: held)
            let hasChanged = try await keys.replace(contents.keys.map(\.key))
            report(contents.problems.map(\.message))
            if hasChanged {
                logger.notice("the keys have been exchanged", metadata: ["keys": "\(contents.keys.count)"])
            }
            return Dictionary(uniqueKeysWithValues: contents.keys.map { ($0.file, $0.key) })
        } catch {
            report(["the keys stay as they were: \(error.message)"])
            return held
        }
    }

    private func report(_ problems: [String]) {
        guard keys.report(problems) else { return }
        for problem in problems {
            logger.error("something is wrong with the key files", metadata: ["reason": "\(problem)"])
        }
        if problems.isEmpty { logger.notice("all key files can be read again") }
    }
}
