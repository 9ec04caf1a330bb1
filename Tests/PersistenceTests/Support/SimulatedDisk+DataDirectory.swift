@testable import Persistence

extension SimulatedDisk {
    /// An empty data directory, whose name is durable.
    func dataDirectory() throws -> DataDirectory {
        try makeDirectory("data")
        try synchronize(directory: "", .dataDirectoryName)
        return DataDirectory("data", self)
    }
}
