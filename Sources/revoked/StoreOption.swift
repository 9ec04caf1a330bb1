import ArgumentParser
import AuthNode
import ProcessOutput
package import Revocation
package import Settings

/// Which store a command administers.
package struct StoreConfiguration: StoreClientConfiguration {
    package static let names = SettingNames(variablePrefix: "REVOKED_", allowsFile: false)
    package static let processDefaults = Self()
    package static let settings = storeSettings

    package var backend = ""
    package var backendPassword: String?
    package var backendTLS = StoreTLSConfiguration()
    package var warnings: [String] = []

    package func validate() throws(SettingError) {
        guard !backend.isEmpty else {
            throw SettingError(
                "name the store: --backend redis://127.0.0.1:7379, or REVOKED_BACKEND in the environment")
        }
    }
}

typealias StoreOption = SettingFlags<StoreConfiguration>

extension SettingFlags<StoreConfiguration> {
    /// The denylist of that store.
    func list(_ configuration: RevocationConfiguration) throws -> RevocationList {
        let (url, configuration) = try client(configuration)
        return try RevocationList(url, configuration: configuration)
    }

    func administration() throws -> StoreAdministration {
        let (url, configuration) = try client(RevocationConfiguration())
        return try StoreAdministration(url, configuration: configuration)
    }

    private func client(_ base: RevocationConfiguration) throws -> (String, RevocationConfiguration) {
        var configuration = base
        do throws(SettingError) {
            let store = try StoreConfiguration(flags: values)
            for warning in store.warnings { StandardStream.error.write("warning: \(warning)\n") }
            store.addStore(to: &configuration)
            return (store.backend, configuration)
        } catch {
            throw ValidationError(error.description)
        }
    }
}
