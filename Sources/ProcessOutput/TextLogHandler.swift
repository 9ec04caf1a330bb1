import Logging

/// Writes each entry as a line of text. Metadata is put into words when something is logged: `StreamLogHandler` does so
/// whenever it is set, and a server sets it for each request.
struct TextLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    private var base: StreamLogHandler

    init(_ base: StreamLogHandler) { self.base = base }

    var logLevel: Logger.Level {
        get { base.logLevel }
        set { base.logLevel = newValue }
    }

    var metadataProvider: Logger.MetadataProvider? {
        get { base.metadataProvider }
        set { base.metadataProvider = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var base = base
        base.metadata = metadata
        base.log(event: event)
    }
}
