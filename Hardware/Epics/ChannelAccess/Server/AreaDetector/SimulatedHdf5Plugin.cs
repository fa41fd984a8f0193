using System.Buffers.Binary;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Detectors;

namespace Flyscan.Hardware.Epics.ChannelAccess.Server;

/// <summary>One image on its way from driver to plugin. Trigger: the number of the pulse that made it, which its pixels tell.</summary>
internal readonly record struct SimulatedArray(long UniqueId, long Trigger, long TimeNs);

/// <summary>Where a simulated plugin writes, and whether it sees a folder there.</summary>
internal sealed record SimulatedDisk(IFrameStoreFactory Stores, Func<string, bool> HasFolder);

/// <summary>The records of an HDF5 plugin, and the file that it writes.</summary>
/// <remarks>Under the server's lock, but for the writing itself, one batch at a time.</remarks>
internal sealed class SimulatedHdf5Plugin
{
    private const int QueueSize = 500;
    private const int LargestBatch = 64;
    private const int MarkedBytes = 8;
    private static readonly string[] WriteStatuses = ["Write OK", "Write error"];

    private readonly CaServer _server;
    private readonly string _name;
    private readonly AreaDetectorSettings _settings;
    private readonly SimulatedDisk _disk;
    private readonly Queue<SimulatedArray> _queue = new();
    private readonly List<Action> _flushes = [];
    private IFrameStore? _store;
    private bool _isBusy;
    private bool _isClosing;

    public SimulatedHdf5Plugin(
        CaServer server, string name, AreaDetectorSettings settings, SimulatedDisk disk, Action<ServedRecord> add)
    {
        (_server, _name, _settings, _disk) = (server, name, settings, disk);
        Records = new ServedSet(settings.Writer, server, add);
        AddSetPoints();
        AddFileName();
        AddCapture();
    }

    public ServedSet Records { get; }

    public AreaDetectorFaults Faults { get; set; } = new();

    private bool IsCapturing => Records.Number("Capture_RBV") != 0;

    /// <summary>An image from the driver: queued, or dropped where the queue is full.</summary>
    public void Take(SimulatedArray array)
    {
        if (Records.Number("EnableCallbacks_RBV") == 0 || !IsCapturing)
            return;
        if (_queue.Count >= QueueSize || Faults.Dropping > 0)
        {
            Faults = Faults with { Dropping = Math.Max(0, Faults.Dropping - 1) };
            Records.Set("DroppedArrays", (long)Records.Number("DroppedArrays_RBV") + 1);
            Records.Set("DroppedArrays_RBV", (long)Records.Number("DroppedArrays_RBV") + 1);
            return;
        }
        _queue.Enqueue(array);
        Pump();
    }

    private void AddSetPoints()
    {
        static ServedPv Whole(ServedSet s, string record) => s.Add(record, "longout", Dbr.Long, new PvValue.Integer(0));
        static Func<ServedSet, string, ServedPv> Choice(int index, params string[] choices) =>
            (s, record) => s.Choice(record, choices, index);
        Records.Add("PortName_RBV", "stringin", Dbr.String, new PvValue.Text("HDF1"));
        Records.Pair("EnableCallbacks", Choice(0, "Disable", "Enable"));
        foreach (var flag in new[] { "ChunkSizeAuto", "LazyOpen", "AutoIncrement" })
            Records.Pair(flag, Choice(0, "No", "Yes"));
        Records.Pair("SWMRMode", Choice(0, "Off", "On"));
        Records.Choice("SWMRSupported_RBV", ["Not Supported", "Supported"], 1);
        Records.Choice("SWMRActive_RBV", ["Off", "Active"], 0);
        Records.Pair("FileWriteMode", Choice(0, "Single", "Capture", "Stream"));
        foreach (var whole in new[] { "NumExtraDims", "CreateDirectory", "FileNumber", "NumCapture", "DroppedArrays" })
            Records.Pair(whole, Whole);
        Records.Add("NumCaptured_RBV", "longin", Dbr.Long, new PvValue.Integer(0));
        Records.Choice("WriteStatus", WriteStatuses, 0);
        Records.Characters("WriteMessage", "");
        Records.Pair("XMLFileName", (s, record) => s.Characters(record, "layout.xml"));
    }

    private void AddFileName()
    {
        Records.Pair("FileName", (s, record) => s.Characters(record, ""));
        Records.Pair("FileTemplate", (s, record) => s.Characters(record, "%s%s_%d.h5"));
        Records.Characters("FullFileName_RBV", "");
        Records.Choice("FilePathExists_RBV", ["No", "Yes"], 0);
        Records.Pair(
            "FilePath", (s, record) => s.Characters(record, ""),
            asked => asked.AsText() is { Length: > 0 } path && !path.EndsWith('/')
                ? new PvValue.Array<byte>([.. EpicsText.Bytes(path + "/"), 0])
                : asked);
        var written = Records["FilePath"].Written!;
        Records["FilePath"].Written = (value, complete) => written(value, () =>
        {
            Records.Choose("FilePathExists_RBV", _disk.HasFolder(Records.Text("FilePath_RBV")) ? 1 : 0);
            complete();
        });
    }

    private void AddCapture()
    {
        Records.Choice("Capture", ["Done", "Capture"], 0, isWritable: true).Written = (value, complete) =>
        {
            Records.Set("Capture", value);
            if (value.AsNumber() != 0)
                Begin();
            else
                EndSoon();
            complete();
            return CaStatus.Normal;
        };
        Records.Choice("Capture_RBV", ["Done", "Capture"], 0);
        Records.Add("FlushNow", "bo", Dbr.Long, new PvValue.Integer(0), isWritable: true).Written = (_, complete) =>
        {
            _flushes.Add(complete);
            Pump();
            return CaStatus.Normal;
        };
    }

    /// <summary>Succeeds also where nothing can be written: the file is opened by the first frame. Opened before, with a size that nobody
    /// gave it, it takes none, and no word of it.</summary>
    private void Begin()
    {
        if (IsCapturing || Records.Number("LazyOpen_RBV") == 0)
        {
            Records.Choose("Capture", IsCapturing ? 1 : 0);
            return;
        }
        _isClosing = false;
        _queue.Clear();
        Records.Set("NumCaptured_RBV", 0);
        Records.Choose("Capture_RBV", 1);
    }

    private void EndSoon()
    {
        _isClosing = IsCapturing;
        Pump();
    }

    private void Pump()
    {
        if (_isBusy)
            return;
        if (_queue.Count > 0)
            Run(() => WriteAsync(TakeBatch()));
        else if (_flushes.Count > 0)
            Run(FlushAsync);
        else if (_isClosing)
            Run(CloseAsync);
    }

    /// <summary>What is not the disk's refusal ends the process: a mistake of ours must not look like a detector without
    /// frames.</summary>
    private async void Run(Func<Task<string?>> work)
    {
        _isBusy = true;
        var problem = await work();
        _server.Run(() =>
        {
            _isBusy = false;
            if (problem is not null)
                FallToDone(problem);
            Pump();
        });
    }

    /// <summary>It stops by itself, and the status of the last write is that of one that went well.</summary>
    private void FallToDone(string problem)
    {
        _queue.Clear();
        Records.Choose("Capture", 0);
        Records.Choose("Capture_RBV", 0);
        Records.Choose("WriteStatus", Faults.Unwritable ? 0 : 1);
        Records.Set("WriteMessage", Faults.Unwritable ? "" : problem);
        _store = null;
    }

    private List<SimulatedArray> TakeBatch()
    {
        var batch = new List<SimulatedArray>();
        while (batch.Count < LargestBatch && _queue.TryDequeue(out var array))
            batch.Add(array);
        return batch;
    }

    private async Task<string?> WriteAsync(List<SimulatedArray> batch)
    {
        try
        {
            if (Faults.Unwritable)
                return "";
            _store ??= await CreateAsync();
            await _store.AppendAsync(Columns(batch), batch.Count, CancellationToken.None);
        }
        catch (IOException refused)
        {
            return refused.Message;
        }
        _server.Run(() => Records.Set("NumCaptured_RBV", (long)Records.Number("NumCaptured_RBV") + batch.Count));
        return null;
    }

    /// <summary>A file of that name is overwritten without a word.</summary>
    private async Task<IFrameStore> CreateAsync()
    {
        var path = $"{Records.Text("FilePath_RBV")}{Records.Text("FileName_RBV")}.h5";
        if (File.Exists(path))
            File.Delete(path);
        var spec = new SegmentSpec(
            path,
            [
                .. AreaDetectorFile.Datasets(_name, _settings).Select(d =>
                    new DatasetSpec(d.Path, d.NumpyType, d.FrameShape, Math.Min(d.ChunkFrames, 1024), d.Unit)),
            ],
            []);
        var store = await _disk.Stores.CreateAsync(spec, CancellationToken.None);
        _server.Run(() =>
        {
            Records.Set("FullFileName_RBV", path);
            Records.Choose("SWMRActive_RBV", 1);
        });
        return store;
    }

    private ReadOnlyMemory<byte>[] Columns(List<SimulatedArray> batch)
    {
        var images = new byte[batch.Count * _settings.ImageBytes];
        var (numbers, stamps) = (new byte[4 * batch.Count], new byte[8 * batch.Count]);
        for (var i = 0; i < batch.Count; i++)
        {
            // Smaller ones have no room for the number.
            if (_settings.ImageBytes >= MarkedBytes)
                CameraFrames.WriteImage(batch[i].Trigger, images.AsSpan(i * _settings.ImageBytes, _settings.ImageBytes));
            BinaryPrimitives.WriteInt32LittleEndian(numbers.AsSpan(4 * i), (int)batch[i].UniqueId);
            BinaryPrimitives.WriteDoubleLittleEndian(stamps.AsSpan(8 * i), batch[i].TimeNs / 1e9);
        }
        return [images, numbers, stamps];
    }

    private async Task<string?> FlushAsync()
    {
        Action[] waiting = [.. _flushes];
        _flushes.Clear();
        string? problem = null;
        try
        {
            if (_store is not null)
                await _store.FlushAsync(true, CancellationToken.None);
        }
        catch (IOException refused)
        {
            problem = refused.Message;
        }
        _server.Run(() =>
        {
            foreach (var complete in waiting)
                complete();
        });
        return problem;
    }

    private async Task<string?> CloseAsync()
    {
        var store = _store;
        (_store, _isClosing) = (null, false);
        string? problem = null;
        try
        {
            if (store is not null)
                await store.CloseAsync(CancellationToken.None);
        }
        catch (IOException refused)
        {
            problem = refused.Message;
        }
        _server.Run(() =>
        {
            Records.Choose("Capture_RBV", 0);
            Records.Choose("SWMRActive_RBV", 0);
        });
        return problem;
    }
}
