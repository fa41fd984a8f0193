using System.Buffers.Binary;
using System.Threading.Channels;
using Flyscan.Hardware.Contracts;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Detectors;

/// <summary>Writes a camera's frames apart from the world's thread, through a bounded queue.</summary>
internal sealed class CameraWriter
{
    /// <summary>Frames that may wait to be written.</summary>
    public const int QueueFrames = 8192;

    private const int LargestBatchBytes = 4 * 1024 * 1024;
    private const int LargestBatchFrames = 256;
    private static readonly TimeSpan FlushPeriod = TimeSpan.FromMilliseconds(250);

    private readonly Channel<Item> _queue = Channel.CreateUnbounded<Item>(new UnboundedChannelOptions { SingleReader = true });
    private readonly SemaphoreSlim _room = new(QueueFrames);
    private readonly IFrameStore _store;
    private readonly bool _waitsForRoom;
    private readonly ITimer _flushTimer;
    private readonly int _imageBytes;
    private readonly int _batchFrames;
    private readonly byte[] _images;
    private readonly byte[] _numbers;
    private readonly byte[] _times;
    private long _watchFor = long.MaxValue;
    private long _recorded;
    private bool _flushIsDue;
    private volatile string? _fault;

    /// <param name="waitsForRoom">Whether a full queue holds up the caller, as in a world that runs faster than real time; else it is a
    /// fault.</param>
    public CameraWriter(IFrameStore store, int imageBytes, bool waitsForRoom, TimeProvider time)
    {
        (_store, _imageBytes, _waitsForRoom) = (store, imageBytes, waitsForRoom);
        _batchFrames = Math.Clamp(LargestBatchBytes / imageBytes, 1, LargestBatchFrames);
        (_images, _numbers, _times) = (new byte[_batchFrames * imageBytes], new byte[8 * _batchFrames], new byte[8 * _batchFrames]);
        _flushTimer = time.CreateTimer(
            _ => _queue.Writer.TryWrite(Item.Do(new Command(null, false))), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Raised after a flush with the frames on disk. From the writer's own thread.</summary>
    public event Action<long>? Recorded;

    /// <summary>Raised once when writing went wrong; frames after that are dropped. From the writer's own thread.</summary>
    public event Action<string>? Faulted;

    /// <summary>Frames on disk.</summary>
    public long RecordedFrames => Interlocked.Read(ref _recorded);

    /// <summary>Why nothing is written any more; null while all is well.</summary>
    public string? Fault => _fault;

    /// <summary>Begins; the task ends when the file is closed.</summary>
    public Task RunAsync() => PumpAsync();

    /// <summary>Queues one frame; false when the queue is full.</summary>
    public bool TryAdd(long number, long timeNs)
    {
        if (_waitsForRoom)
            _room.Wait();
        else if (!_room.Wait(0))
            return false;
        _queue.Writer.TryWrite(new Item(number, timeNs, null));
        return true;
    }

    /// <summary>Flushes at once when this many frames are written.</summary>
    public void WatchFor(long frames)
    {
        Interlocked.Exchange(ref _watchFor, frames);
        _queue.Writer.TryWrite(Item.Do(new Command(null, false)));
    }

    /// <summary>Flushes and syncs all that was queued before.</summary>
    public Task<Outcome<long>> FlushAsync() => CommandAsync(false);

    /// <summary>Writes what is queued, flushes, closes the file. Returns the frames in it.</summary>
    public Task<Outcome<long>> CloseAsync() => CommandAsync(true);

    private Task<Outcome<long>> CommandAsync(bool close)
    {
        var done = new TaskCompletionSource<Outcome<long>>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!_queue.Writer.TryWrite(Item.Do(new Command(done, close))))
            done.TrySetResult(new Outcome<long>.Refused($"{_store.Segment.Path} is closed"));
        return done.Task;
    }

    private async Task PumpAsync()
    {
        while (await _queue.Reader.WaitToReadAsync())
        {
            var (frames, command) = TakeBatch();
            if (frames > 0)
                await GuardedAsync(() => AppendAsync(frames));
            if (command is { Close: true })
            {
                await CloseStoreAsync(command);
                return;
            }
            if (command is not null || IsWatchReached())
                await FlushStoreAsync(command);
            else if (frames > 0 && !_flushIsDue)
            {
                _flushIsDue = true;
                _flushTimer.Change(FlushPeriod, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private (int Frames, Command? Command) TakeBatch()
    {
        var frames = 0;
        while (frames < _batchFrames && _queue.Reader.TryRead(out var item))
        {
            if (item.Command is not null)
                return (frames, item.Command);
            CameraFrames.WriteImage(item.Number, _images.AsSpan(frames * _imageBytes, _imageBytes));
            BinaryPrimitives.WriteInt64LittleEndian(_numbers.AsSpan(8 * frames), item.Number);
            BinaryPrimitives.WriteInt64LittleEndian(_times.AsSpan(8 * frames), item.TimeNs);
            frames++;
        }
        return (frames, null);
    }

    private async Task AppendAsync(int frames)
    {
        ReadOnlyMemory<byte>[] columns =
            [_images.AsMemory(0, frames * _imageBytes), _numbers.AsMemory(0, 8 * frames), _times.AsMemory(0, 8 * frames)];
        try
        {
            if (_fault is null)
                await _store.AppendAsync(columns, frames, CancellationToken.None);
        }
        finally
        {
            _room.Release(frames);
        }
    }

    private bool IsWatchReached()
    {
        var watched = Interlocked.Read(ref _watchFor);
        return _store.Written >= watched && Interlocked.CompareExchange(ref _watchFor, long.MaxValue, watched) == watched;
    }

    private async Task FlushStoreAsync(Command? command)
    {
        _flushIsDue = false;
        if (_store.Written > RecordedFrames && _fault is null)
            await GuardedAsync(async () => Interlocked.Exchange(ref _recorded, await _store.FlushAsync(true, CancellationToken.None)));
        command?.Done?.TrySetResult(_fault is null ? new Outcome<long>.Completed(RecordedFrames) : new Outcome<long>.Failed(_fault));
        Recorded?.Invoke(RecordedFrames);
    }

    private async Task CloseStoreAsync(Command command)
    {
        _queue.Writer.TryComplete();
        await _flushTimer.DisposeAsync();
        await GuardedAsync(async () => Interlocked.Exchange(ref _recorded, await _store.CloseAsync(CancellationToken.None)));
        await GuardedAsync(async () => await _store.DisposeAsync());
        command.Done!.TrySetResult(_fault is null ? new Outcome<long>.Completed(RecordedFrames) : new Outcome<long>.Failed(_fault));
        Recorded?.Invoke(RecordedFrames);
    }

    /// <summary>What the disk refuses is this camera's fault, told once.</summary>
    private async Task GuardedAsync(Func<Task> write)
    {
        try
        {
            await write();
        }
        catch (IOException error)
        {
            if (_fault is not null)
                return;
            _fault = error.Message;
            Faulted?.Invoke(error.Message);
        }
    }

    /// <summary>Done null: a flush that nobody waits for.</summary>
    private sealed record Command(TaskCompletionSource<Outcome<long>>? Done, bool Close);

    private readonly record struct Item(long Number, long TimeNs, Command? Command)
    {
        public static Item Do(Command command) => new(0, 0, command);
    }
}
