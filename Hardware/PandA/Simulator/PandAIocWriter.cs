using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.ChannelAccess;
using Flyscan.Hardware.Epics.ChannelAccess.Server;
using Flyscan.Hardware.Epics.PvAccess;
using Flyscan.Hardware.Epics.PvAccess.Server;

namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>The records of an IOC's file writer, and the captures that they order.</summary>
/// <remarks>As PandABlocks-ioc does it: a start is answered before the data connection is made, and a stop before the file is closed; a
/// stop loses what has come since the last flush; a name written during a capture is discarded without a word. Not modelled: capture mode
/// LAST_N, which is refused, and the attribute <c>hw_time_offset_ns</c>. <b>Source</b> PandABlocks-ioc 0.11.</remarks>
internal sealed class PandAIocWriter : IPandAIocWriterOwner
{
    private const string Directory = "DATA:HDF_DIRECTORY";
    private const string FileName = "DATA:HDF_FILE_NAME";
    private const string FullPath = "DATA:HDF_FULL_FILE_PATH";
    private const string CreateDirectory = "DATA:CREATE_DIRECTORY";
    private const string DirectoryExists = "DATA:DIRECTORY_EXISTS";
    private const string NumCapture = "DATA:NUM_CAPTURE";
    private const string NumCaptured = "DATA:NUM_CAPTURED";
    private const string NumReceived = "DATA:NUM_RECEIVED";
    private const string FlushPeriod = "DATA:FLUSH_PERIOD";
    private const string Capture = "DATA:CAPTURE";
    private const string CaptureMode = "DATA:CAPTURE_MODE";
    private const string StatusText = "DATA:STATUS";
    private const string Datasets = "DATA:DATASETS";
    private const string NotCaptured = "No";
    private const long LeastFlushPeriodNs = 1_000_000;

    /// <summary>From the answer to a start to the task that carries it out.</summary>
    private const long TaskNs = 5_000_000;
    private static readonly string[] Modes = ["FIRST_N", "LAST_N", "FOREVER"];
    private static readonly PvaType.ScalarArray Texts = new(PvaScalar.Text);
    private static readonly PvaType.Structure ColumnsType = PvaType.Of(("name", Texts), ("dtype", Texts));
    private static readonly PvaType.Structure TableType = PvaType.Of("epics:nt/NTTable:1.0", ("labels", Texts), ("value", ColumnsType));
    private static readonly PvAlarm Major = new(PvAlarm.StatusOf("STATE"), PvSeverity.Major);

    private readonly ServedSet _records;
    private readonly PandAIocSurroundings _around;
    private readonly PandAIocPvi _pvi;
    private readonly IReadOnlyList<PandAIocDataset> _datasets;
    private readonly List<PandAIocWriterCapture> _captures = [];
    private PandAIocWriterCapture? _capture;

    public PandAIocWriter(ServedSet records, PandAIocSurroundings around, PandAIocPvi pvi, PandAIocFields fields)
    {
        (_records, _around, _pvi, _datasets) = (records, around, pvi, fields.Datasets);
        AddNames();
        AddCounts();
        AddCapture();
        Table = new PvaServed($"{around.Prefix}:{Datasets}", TableNow())
        {
            Written = (_, _, done) => done(PvaStatus.Error("the names of datasets are written to the DATASET of what is captured")),
        };
        pvi.Add(Datasets, "r");
        fields.DatasetsChanged += () => Table.Post(TableNow());
    }

    /// <summary>Names and types of the datasets that have a name of their own.</summary>
    public PvaServed Table { get; }

    private bool IsCapturing => _records.Number(Capture) != 0;

    /// <summary>Ends what is captured, and calls when all files are closed.</summary>
    public void Close(Action closed)
    {
        _capture?.Stop("Capturing disabled");
        var open = _captures.Count;
        if (open == 0)
            closed();
        foreach (var capture in _captures.ToArray())
            capture.WhenClosed(() =>
            {
                if (--open == 0)
                    closed();
            });
    }

    void IPandAIocWriterOwner.Status(string text, bool isMajor) => Tell(text, isMajor);

    void IPandAIocWriterOwner.Received(long rows) => _records.Set(NumReceived, rows);

    void IPandAIocWriterOwner.Written(long rows) => _records.Set(NumCaptured, rows);

    void IPandAIocWriterOwner.Ended(PandAIocWriterCapture capture)
    {
        capture.WhenClosed(() => _captures.Remove(capture));
        _capture = null;
        _records.Choose(Capture, 0);
    }

    private void Tell(string text, bool isMajor) =>
        _records[StatusText].Post(new PvValue.Text(text), _around.Server.StampNs, isMajor ? Major : default);

    private ServedPv Text(string record, string access) => Made(
        record, access, _records.Add(record, access == "r" ? "lsi" : "lso", Dbr.String, new PvValue.Text(""), isWritable: access != "r"));

    private ServedPv Whole(string record, string access) => Made(
        record, access,
        _records.Add(record, access == "r" ? "longin" : "longout", Dbr.Long, new PvValue.Integer(0), isWritable: access != "r"));

    private ServedPv Made(string record, string access, ServedPv pv)
    {
        _pvi.Add(record, access);
        return pv;
    }

    private void AddNames()
    {
        var directory = Text(Directory, "rw");
        directory.Written = (value, complete) => Rename(directory, value, complete, () => FindDirectory(value.AsText()));
        Whole(CreateDirectory, "rw");
        Made(DirectoryExists, "r", _records.Choice(DirectoryExists, ["No", "Yes"], 0));
        var file = Text(FileName, "rw");
        file.Written = (value, complete) => Rename(file, value, complete, static () => { });
        Text(FullPath, "r");
    }

    private void AddCounts()
    {
        Whole(NumCapture, "rw");
        Whole(NumCaptured, "r");
        Whole(NumReceived, "r");
        Made(FlushPeriod, "rw", _records.Add(FlushPeriod, "ao", Dbr.Double, new PvValue.Number(1), isWritable: true)).Metadata =
            new PvMetadata(new PvValue.Number(1), default) { Units = "s", Precision = 3 };
    }

    private void AddCapture()
    {
        var capture = Made(Capture, "rw", _records.Choice(Capture, ["0", "1"], 0, isWritable: true));
        capture.Written = (value, complete) =>
        {
            // What is captured already ends, whatever is asked for.
            _capture?.Stop("Capturing disabled");
            if (value.AsNumber() != 0)
                Begin();
            else
                capture.Post(value, _around.Server.StampNs);
            if (_around.Faults.CaptureAnswersAfterNs is > 0 and var late)
                _around.Server.At(_around.Server.NowNs + late, complete);
            else
                complete();
            return CaStatus.Normal;
        };
        Made(CaptureMode, "rw", _records.Choice(CaptureMode, Modes, 0, isWritable: true));
        Text(StatusText, "r");
        Tell("OK", isMajor: false);
    }

    private uint Rename(ServedPv pv, PvValue value, Action complete, Action then)
    {
        pv.Post(IsCapturing ? pv.Value : value, _around.Server.StampNs);
        if (!IsCapturing)
        {
            then();
            _records.Set(FullPath, new PvValue.Text($"{_records.Text(Directory)}/{_records.Text(FileName)}"));
        }
        complete();
        return CaStatus.Normal;
    }

    /// <summary>Makes what is missing of it, as far as that is allowed.</summary>
    private void FindDirectory(string path)
    {
        var missing = 0;
        if (!Path.IsPathFullyQualified(path))
        {
            Found(false, $"{path} is not an absolute path.");
            return;
        }
        var depth = 0;
        for (var folder = Path.TrimEndingDirectorySeparator(path); folder is not null; folder = Path.GetDirectoryName(folder), depth++)
            missing += System.IO.Directory.Exists(folder) ? 0 : 1;
        // Negative: so many levels; positive: those below so many.
        var given = (int)_records.Number(CreateDirectory);
        var most = given < 0 ? -given : given == 0 || given > depth - 1 ? 0 : depth - 1 - given;
        if (missing > most)
        {
            Found(false, $"Need to create {missing} > {most} dirs.");
            return;
        }
        try
        {
            System.IO.Directory.CreateDirectory(path);
            Found(true, missing == 0 ? "Dir exists and is writable" : $"Created {missing} dirs.");
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            Found(false, "Permission error creating dirs!");
        }
    }

    private void Found(bool isThere, string status)
    {
        _records[DirectoryExists].Post(
            new PvValue.Choice(isThere ? 1 : 0, isThere ? "Yes" : "No"), _around.Server.StampNs, isThere ? default : Major);
        Tell(status, !isThere);
    }

    private void Begin()
    {
        var mode = _records.Text(CaptureMode);
        if (mode == "LAST_N")
            Refuse("LAST_N is not modelled by this IOC: take FIRST_N or FOREVER");
        else if (_records.Text(FileName).Length == 0)
            Refuse("HDF_FILE_NAME is empty: no file to capture into");
        else if (_records.Number(DirectoryExists) != 1 || !System.IO.Directory.Exists(_records.Text(Directory)))
            Refuse("Configured HDF directory does not exist or is not writable!");
        else
        {
            _records.Choose(Capture, 1);
            var isFirst = mode == "FIRST_N";
            var names = _datasets.Where(d => d.Name.Value.AsText().Length > 0).ToDictionary(
                d => d.Field, d => (Name: d.Name.Value.AsText(), Captured: d.Capture.Value.AsText()));
            var capture = _capture = new PandAIocWriterCapture(
                _around,
                new PandAIocWriterOrder(
                    _records.Text(FullPath), Math.Max(LeastFlushPeriodNs, (long)(_records.Number(FlushPeriod) * 1e9)),
                    isFirst ? (long)Math.Max(0, _records.Number(NumCapture)) : 0, isFirst)
                {
                    NameOf = (field, option) => names.TryGetValue(field, out var name) ? NameOf(name.Name, name.Captured, option) : null,
                },
                this);
            _captures.Add(capture);
            _around.Server.At(_around.Server.NowNs + TaskNs, () =>
            {
                if (_capture != capture)
                    return;
                _records.Set(NumCaptured, 0);
                capture.Begin();
            });
        }
    }

    private void Refuse(string status)
    {
        _records[Capture].Post(new PvValue.Choice(0, "0"), _around.Server.StampNs);
        Tell(status, isMajor: true);
    }

    /// <summary>The last of what is captured has the name; least and greatest, where both are, have theirs.</summary>
    private static string? NameOf(string name, string captured, string option) =>
        captured.Contains("Min Max", StringComparison.Ordinal) && option is ("Min" or "Max") ? $"{name}-{option.ToLowerInvariant()}"
        : captured.Split(' ')[^1] == option ? name
        : null;

    private PvaValue.Structure TableNow()
    {
        var named = _datasets.Where(d => d.Name.Value.AsText().Length > 0 && d.Capture.Value.AsText() != NotCaptured).ToList();
        return new PvaValue.Structure(TableType,
        [
            new PvaValue.Array<string>(["name", "dtype"]),
            new PvaValue.Structure(ColumnsType,
            [
                new PvaValue.Array<string>([.. named.Select(d => d.Name.Value.AsText())]),
                new PvaValue.Array<string>([.. named.Select(d => d.IsBits ? "uint32" : "float64")]),
            ]),
        ]);
    }
}
