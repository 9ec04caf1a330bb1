#if os(Linux)
    import Foundation
    import Glibc
    import Processes

    /// A file system in memory of a few megabytes, that can be filled to the last byte: only root may make one.
    struct SmallDisk: Sendable {
        static let megabytes = 48
        /// What comes free of a full disk: enough for the log to go on, not for a whole new base.
        static let scarce = 1 << 20

        /// Where it is mounted.
        let path: String
        private var filler: String { "\(path)/filler" }

        /// Why there is none.
        struct Unavailable: Error { let message: String }

        /// Mounts it.
        /// - Parameter stage: starts `mount`, which has to be there.
        init(at path: String, on stage: NodeStage) async throws {
            guard geteuid() == 0 else { throw Unavailable(message: "only root may mount a small disk") }
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            let arguments = ["-t", "tmpfs", "-o", "size=\(Self.megabytes)m,mode=700", "revoked-load", path]
            let mount = try stage.start("mount", executable: "/bin/mount", arguments)
            guard try await mount.end(within: .seconds(10)) == .exited(0) else {
                throw Unavailable(message: "mount failed: \(mount.lastLines.trimmingCharacters(in: .whitespaces))")
            }
            self.path = path
        }

        /// Leaves no byte free.
        func fill() throws(LoadFailure) {
            let descriptor = open(filler, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw .system("open") }
            defer { close(descriptor) }
            let block = [UInt8](repeating: 0, count: 1 << 20)
            var size = block.count
            while size > 0 {
                let count = write(descriptor, block, size)
                if count > 0 { continue }
                guard count < 0, errno == ENOSPC || errno == EINTR else { throw .system("write") }
                size /= 2
            }
        }

        /// Gives back so many bytes of what ``fill()`` took.
        func free(only bytes: Int) throws(LoadFailure) {
            let descriptor = open(filler, O_WRONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw .system("open") }
            defer { close(descriptor) }
            let size = lseek(descriptor, 0, SEEK_END)
            guard size >= 0, ftruncate(descriptor, max(0, size - off_t(bytes))) == 0 else {
                throw .system("ftruncate")
            }
        }

        func free() throws(LoadFailure) {
            guard unlink(filler) == 0 || errno == ENOENT else { throw .system("unlink") }
        }

        /// Unmounts it.
        func remove(on stage: NodeStage) async throws {
            let umount = try stage.start("umount", executable: "/bin/umount", [path])
            guard try await umount.end(within: .seconds(10)) == .exited(0) else {
                throw Unavailable(message: "umount failed: \(umount.lastLines.trimmingCharacters(in: .whitespaces))")
            }
        }
    }
#endif
