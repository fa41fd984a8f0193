using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Hdf5;

/// <summary>The runtime calls this before Main in a process started with DOTNET_STARTUP_HOOKS set to this assembly.</summary>
/// <remarks>So a test can have a second process write a segment, and kill it, without an executable of its own.</remarks>
internal static class StartupHook
{
    public static void Initialize()
    {
        if (Environment.GetEnvironmentVariable(Flyscan.Tests.Hardware.Hdf5.ChildWriter.PathVariable) is { } path)
            Environment.Exit(Flyscan.Tests.Hardware.Hdf5.ChildWriter.WriteAsync(path).GetAwaiter().GetResult());
    }
}

namespace Flyscan.Tests.Hardware.Hdf5
{
    /// <summary>A process that writes a segment as it is told line by line, until it is killed.</summary>
    internal sealed class ChildWriter : IDisposable
    {
        public const string PathVariable = "FLYSCAN_TEST_CHILD_WRITES";
        public const int Width = 16;
        private readonly Process _process;

        private ChildWriter(Process process) => _process = process;

        /// <summary>Starts it; with a limit, no file may grow past it, which is what a full disk is to the library.</summary>
        public static ChildWriter Start(string path, int? kibibytesLimit = null)
        {
            var start = new ProcessStartInfo("/bin/sh") { RedirectStandardInput = true, RedirectStandardOutput = true };
            start.ArgumentList.Add("-c");
            var limit = kibibytesLimit is { } size ? $"trap '' XFSZ; ulimit -f {size * 2}; " : "";
            start.ArgumentList.Add(limit + "exec \"$0\" exec \"$1\"");
            start.ArgumentList.Add(Environment.ProcessPath is { } host && Path.GetFileName(host) == "dotnet" ? host : "dotnet");
            start.ArgumentList.Add(typeof(ChildWriter).Assembly.Location);
            start.Environment["DOTNET_STARTUP_HOOKS"] = typeof(ChildWriter).Assembly.Location;
            start.Environment["DOTNET_EnableWriteXorExecute"] = "0"; // its double mapping is itself a file that the limit would stop
            start.Environment[PathVariable] = path;
            return new ChildWriter(Process.Start(start)!);
        }

        public static SegmentSpec Spec(string path)
            => new(path, [
                new DatasetSpec("/entry/data/x", "<f8", [], 1024, "mm"),
                new DatasetSpec("/entry/data/count", "<i8", [], 512, Packed: true),
                new DatasetSpec("/entry/instrument/cam/data", "<u2", [8, Width], 4)], [new SegmentAttribute("recorder", "cam")]);

        /// <summary>Frames [first, first + count) of every column: each value tells its frame.</summary>
        public static ReadOnlyMemory<byte>[] Frames(long first, int count)
        {
            var frames = Enumerable.Range(0, count).Select(i => first + i).ToArray();
            var images = frames.SelectMany(frame => Enumerable.Repeat((ushort)frame, 8 * Width)).ToArray();
            return [
                MemoryMarshal.AsBytes<double>(frames.Select(frame => frame + 0.5).ToArray()).ToArray(),
                MemoryMarshal.AsBytes<long>(frames.Select(frame => frame + 1).ToArray()).ToArray(),
                MemoryMarshal.AsBytes<ushort>(images).ToArray()];
        }

        /// <summary>Tells it "append n", "flush", "sync", "dispose" or "seal"; returns its answer.</summary>
        public string Tell(string command)
        {
            _process.StandardInput.WriteLine(command);
            _process.StandardInput.Flush();
            return _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("the child has ended");
        }

        /// <summary>Waits until its file exists.</summary>
        public string Ready() => _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("the child has ended");

        /// <summary>SIGKILL.</summary>
        public void Kill()
        {
            _process.Kill();
            _process.WaitForExit();
        }

        public void Dispose()
        {
            if (!_process.HasExited)
                Kill();
            _process.Dispose();
        }

        /// <summary>The child's own main.</summary>
        public static async Task<int> WriteAsync(string path)
        {
            var store = await new Hdf5FrameStoreFactory().CreateAsync(Spec(path), CancellationToken.None);
            Console.WriteLine("ready");
            while (Console.ReadLine() is { } line)
                Console.WriteLine(await ObeyAsync(store, line));
            return 0;
        }

        private static async Task<string> DisposeAsync(IFrameStore store)
        {
            await store.DisposeAsync();
            return "disposed";
        }

        private static async Task<string> SealAsync(SegmentSpec segment)
        {
            var recovery = new SegmentRecovery(TimeProvider.System, TimeSpan.FromSeconds(30));
            string[] paths = [.. segment.Datasets.Select(dataset => dataset.Path)];
            var content = await recovery.SealAsync(segment.Path, paths, CancellationToken.None);
            return content.Frames.ToString(CultureInfo.InvariantCulture);
        }

        private static async Task<string> ObeyAsync(IFrameStore store, string line)
        {
            try
            {
                var words = line.Split(' ');
                if (words[0] == "dispose")
                    return await DisposeAsync(store);
                if (words[0] == "seal")
                    return await SealAsync(store.Segment);
                if (words[0] != "append")
                    return (await store.FlushAsync(words[0] == "sync", CancellationToken.None)).ToString(CultureInfo.InvariantCulture);
                var frames = int.Parse(words[1], CultureInfo.InvariantCulture);
                await store.AppendAsync(Frames(store.Written, frames), frames, CancellationToken.None);
                return store.Written.ToString(CultureInfo.InvariantCulture);
            }
            catch (IOException failure)
            {
                return failure.Message;
            }
        }
    }
}
